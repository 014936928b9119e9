// DPM-Solver-v3: a multistep solver whose coefficients, by channel or element, follow from statistics of the network.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/model_statistics.hpp>
#include <noisefall/solver/own_step.hpp>
#include <noisefall/solver/quadrature.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// With L, S the integrals of l and s from lambda_s on, element by element (Zheng, Lu, Chen, Zhu 2023, equations 9 to 13):
//   f = (sigma eps - l x) / alpha,   g_i = exp(-S_i) f_i - integral from s to i of exp(-S) b
//   x_t = alpha_t exp(-L_t) (x / alpha_s - integral over the leg of exp(L + S) (g + integral so far of exp(-S) b))
// with g the polynomial in lambda through this step's and the remembered readings.
//
// l = 1, s = b = 0 is DPM-Solver++ (dpm_multistep, heun), l = b = 0, s = -1 DPM-Solver. The published code sums by the
// trapezoidal rule and moves levels onto the statistics' grid; here integrals are exact for constant l and s, and levels
// stay. Not its corrector. Walks the trajectory's legs, up or down; every level needs a finite lambda, and what a leg's
// evaluation is told follows from its level. Order `order`, reached by a ramp 1, 2, 3, which caps the run at 2 as the
// steps shrink; lower_order_final: at most the number of legs left. One evaluation a step. order 1 to 3. Keeps `order`
// states and readings, and two arrays more.
struct dpm_solver_v3 {
  static constexpr std::string_view name = "dpm_solver_v3";
  static constexpr std::string_view reference = papers::dpm_solver_v3;
  static constexpr bool couples_batch = false;

  asked_order order = 2;
  bool lower_order_final = true;
  model_statistics statistics{};

  void check() const {
    require_range("dpm_solver_v3.order", order, 1, 3);
    statistics.check("dpm_solver_v3.statistics");
  }
  void check_ends(const noise_level& first, const noise_level& last) const {
    require(std::isfinite(first.lambda()) && std::isfinite(last.lambda()), name,
            {"from lambda ", first.lambda(), " to ", last.lambda()},
            "levels with a finite lambda (0 < sigma, 0 < alpha)");
  }

  // Of one run: where it stands, and what the pass at hand is made by.
  struct state {
    std::size_t leg = 0, stored = 0;
    bool waits = false;  // for the reading of `leg`
    std::vector<double> ones, coefficients;
  };

  std::size_t tensors() const { return 2 + static_cast<std::size_t>(order); }
  std::size_t readings() const { return static_cast<std::size_t>(order); }
  quantity reads() const { return quantity::eps; }

  void begin(state& s, std::size_t samples) const {
    s.leg = s.stored = 0;
    s.waits = false;
    s.ones.assign(samples, 1);
    s.coefficients.assign(2 * most_terms * statistics.width(), 0);
  }
  void parameters(archive& to) const {
    double wanted = order, lowers = lower_order_final ? 1 : 0;
    to(wanted);
    to(lowers);
    for (const auto* list : {&statistics.lambdas, &statistics.l, &statistics.s, &statistics.b})
      for (double v : *list) to(v);
  }
  void transfer(archive& to, state& s) const {
    to(s.leg);
    to(s.stored);
    to(s.waits);
  }
  bool is_sound(const state& s) const { return s.stored < static_cast<std::size_t>(order()) && s.stored <= s.leg; }

  own_action advance(state& s, bench& on) const {
    const std::size_t slot = s.leg % readings();
    if (!s.waits) {
      if (s.leg == on.path().steps()) return {own_action::kind::finished};
      std::fill(on.levels().begin(), on.levels().end(), on.path()[s.leg].from);
      if (s.leg == 0) on.set(next, std::span{s.coefficients}.first(statistics.width()));  // do they fit a sample?
      s.waits = true;
      return {own_action::kind::evaluate, x, slot};
    }
    copy(s, on, x, state_of(slot));
    step(s, on);
    copy(s, on, next, x);
    s.stored = std::min(s.stored + 1, readings() - 1);
    ++s.leg;
    s.waits = false;
    return {own_action::kind::step_done};
  }

 private:
  static constexpr std::size_t x = 0, next = 1, factor = 2, most_terms = 4;
  std::size_t state_of(std::size_t slot) const { return 3 + slot; }
  std::size_t reading_of(std::size_t slot) const { return 1 + tensors() + slot; }

  static void copy(const state& s, bench& on, std::size_t from, std::size_t to) {
    const bench::term one[] = {{from, s.ones}};
    on.combine(to, one);
  }

  // next = constant + sum over the nodes of (of the state) * x_i + (of the reading) * eps_i
  void step(state& s, bench& on) const {
    const std::size_t width = statistics.width();
    std::size_t nodes = std::min(readings(), s.stored + 1);
    if (lower_order_final) nodes = std::min(nodes, on.path().steps() - s.leg);
    const auto row = [&](std::size_t k) { return std::span{s.coefficients}.subspan(k * width, width); };
    for (std::size_t e = 0; e < width; ++e) find_coefficients(s, on, nodes, e, row);
    on.set(next, row(0));
    for (std::size_t i = 0; i < nodes; ++i) {
      const std::size_t slot = (s.leg - i) % readings();
      on.set(factor, row(1 + 2 * i));
      on.add_product(next, factor, state_of(slot));
      on.set(factor, row(2 + 2 * i));
      on.add_product(next, factor, reading_of(slot));
    }
  }

  // Rows: the constant, then of each node its state and its reading, newest first.
  template <class Row>
  void find_coefficients(const state& s, bench& on, std::size_t nodes, std::size_t e, const Row& row) const {
    const noise_level &from = on.path()[s.leg].from, &to = on.path()[s.leg].to;
    const double start = from.lambda(), h = to.lambda() - start;
    const model_statistics::integrals leg = statistics.between(start, to.lambda(), e);
    std::array<double, max_nodes> theta{},
        powers{leg.power[0], h == 0 ? 0 : leg.power[1] / h, h == 0 ? 0 : leg.power[2] / (h * h)};
    if (h != 0)
      for (std::size_t i = 1; i < nodes; ++i) theta[i] = (on.path()[s.leg - i].from.lambda() - start) / h;
    const auto w = weights_on({theta.data(), h == 0 ? std::size_t{1} : nodes}, powers);
    const double scale = to.alpha * std::exp(-leg.l);
    double constant = leg.product;
    for (std::size_t i = 0; i < nodes; ++i) {
      const noise_level& level = on.path()[s.leg - i].from;
      const model_statistics::integrals back = statistics.between(start, level.lambda(), e);
      const double weight = scale * w[i] * std::exp(-back.s) / level.alpha;
      row(1 + 2 * i)[e] = weight * statistics.at(level.lambda(), e)[0] + (i == 0 ? scale / from.alpha : 0);
      row(2 + 2 * i)[e] = -weight * level.sigma;
      constant -= w[i] * back.b;
    }
    row(0)[e] = -scale * constant;
  }
};

}  // namespace noisefall
