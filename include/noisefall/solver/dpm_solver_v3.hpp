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

#include <noisefall/core/inline_vector.hpp>
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
// stay.
//
// A corrector (algorithm 2) walks the leg that ended here again, from the corrected state that it started from, with the
// new reading among its own: `plain` as many as the predictor had, which does nothing where that was one, `pseudo` one
// more. The reading is not renewed; its f stays what it was. pseudo (also pseudo_predictor) takes k! times the divided
// difference of the k-th order for the k-th derivative at s, without what further readings say of the lower ones: exact
// to order 2, and calmer in few steps, as its authors say; they choose by experiment.
//
// Walks the trajectory's legs, up or down; every level needs a finite lambda. Order `order`, reached by a ramp 1, 2, 3,
// which caps the run at 2 as the steps shrink; at most 2 with a pseudo-rule; lower_order_final: at most the number of
// legs left. One evaluation a step. order 1 to 3. Keeps `order` states and readings, one more of each with the pseudo-
// corrector, and two arrays more, three with a corrector.
struct dpm_solver_v3 {
  static constexpr std::string_view name = "dpm_solver_v3";
  static constexpr std::string_view reference = papers::dpm_solver_v3;
  static constexpr bool couples_batch = false;

  enum class correction : std::uint8_t { none, plain, pseudo };

  asked_order order = 2;
  bool lower_order_final = true;
  bool pseudo_predictor = false;
  correction corrector = correction::none;
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

  void check_leg(const leg& l) const { check_ends(l.from, l.to); }

  // Of one run: where it stands, and what the pass at hand is made by.
  struct state {
    std::size_t leg = 0;
    bool waits = false;  // for the reading of `leg`
    std::vector<double> ones, coefficients;
  };

  std::size_t tensors() const { return (corrects() ? 3 : 2) + slots(); }
  std::size_t readings() const { return slots(); }
  std::size_t evaluations() const { return 1; }
  quantity reads() const { return quantity::eps; }

  void begin(state& s, std::size_t samples) const {
    s.leg = 0;
    s.waits = false;
    s.ones.assign(samples, 1);
    s.coefficients.assign(most_rows * statistics.width(), 0);
  }
  void parameters(archive& to) const {
    for (double v : {static_cast<double>(order()), lower_order_final ? 1.0 : 0.0, pseudo_predictor ? 1.0 : 0.0,
                     static_cast<double>(corrector)})
      to(v);
    for (const auto* list : {&statistics.lambdas, &statistics.l, &statistics.s, &statistics.b})
      for (double v : *list) to(v);
  }
  void transfer(archive& to, state& s) const {
    to(s.leg);
    to(s.waits);
  }
  std::size_t present_leg(const state& s) const { return s.waits ? s.leg : static_cast<std::size_t>(-1); }

  own_action advance(state& s, bench& on) const {
    const std::size_t slot = s.leg % slots();
    if (!s.waits) {
      if (s.leg == on.path().steps()) return {own_action::kind::finished};
      std::fill(on.levels().begin(), on.levels().end(), on.path()[s.leg].from);
      if (s.leg == 0) on.set(next, std::span{s.coefficients}.first(statistics.width()));  // do they fit a sample?
      s.waits = true;
      return {own_action::kind::evaluate, x, slot};
    }
    copy(s, on, x, state_of(slot));
    if (corrects()) correct(s, on);
    readings_used used{s.leg};
    for (std::size_t k = 0; k < nodes_of_leg(on.path(), s.leg); ++k) used.nodes.push_back(s.leg - k);
    used.pseudo = pseudo_predictor;
    walk(s, on, used);
    copy(s, on, next, x);
    ++s.leg;
    s.waits = false;
    return {own_action::kind::step_done};
  }

 private:
  static constexpr std::size_t x = 0, next = 1, factor = 2, base = 3, most_rows = 2 + 2 * max_nodes;

  bool corrects() const { return corrector != correction::none; }
  std::size_t slots() const { return static_cast<std::size_t>(order()) + (corrector == correction::pseudo ? 1 : 0); }
  std::size_t state_of(std::size_t slot) const { return (corrects() ? 4 : 3) + slot; }
  std::size_t reading_of(std::size_t slot) const { return 1 + tensors() + slot; }

  // How many readings the predictor of a leg has.
  std::size_t nodes_of_leg(const trajectory& path, std::size_t i) const {
    const std::size_t most = std::min(static_cast<std::size_t>(order()), i + 1);
    return lower_order_final ? std::min(most, path.steps() - i) : most;
  }

  static void copy(const state& s, bench& on, std::size_t from, std::size_t to) {
    const bench::term one[] = {{from, s.ones}};
    on.combine(to, one);
  }

  // A leg, and those whose readings, at their starts, its g is made of; the leg itself is the first.
  struct readings_used {
    std::size_t leg = 0;
    inline_vector<std::size_t, max_nodes> nodes{};
    bool pseudo = false;
  };

  // base = the state that this leg starts from, corrected
  void correct(state& s, bench& on) const {
    std::size_t count = s.leg == 0 ? 0 : nodes_of_leg(on.path(), s.leg - 1);
    if (count > 0 && corrector == correction::pseudo) ++count;
    if (count < 2) {
      copy(s, on, x, base);
      return;
    }
    readings_used used{s.leg - 1};
    used.nodes.push_back(s.leg - 1);
    used.nodes.push_back(s.leg);
    for (std::size_t k = 2; k < count; ++k) used.nodes.push_back(s.leg - k);
    used.pseudo = corrector == correction::pseudo;
    walk(s, on, used);
    copy(s, on, next, base);
  }

  // next = constant + (of the base) * base + sum over the nodes of (of the state) * x_i + (of the reading) * eps_i
  void walk(state& s, bench& on, const readings_used& used) const {
    const std::size_t width = statistics.width();
    const auto row = [&](std::size_t k) { return std::span{s.coefficients}.subspan(k * width, width); };
    for (std::size_t e = 0; e < width; ++e) find_coefficients(on.path(), used, e, row);
    on.set(next, row(0));
    const auto add = [&](std::size_t k, std::size_t tensor) {
      on.set(factor, row(k));
      on.add_product(next, factor, tensor);
    };
    if (corrects()) add(1, base);
    for (std::size_t i = 0; i < used.nodes.size(); ++i) {
      const std::size_t slot = used.nodes[i] % slots();
      add(2 + 2 * i, state_of(slot));
      add(3 + 2 * i, reading_of(slot));
    }
  }

  // Rows: the constant, the base (without a corrector it is the first node's state), then of each node its state and its
  // reading.
  template <class Row>
  void find_coefficients(const trajectory& path, const readings_used& used, std::size_t e, const Row& row) const {
    const noise_level &from = path[used.leg].from, &to = path[used.leg].to;
    const double start = from.lambda(), h = to.lambda() - start;
    const model_statistics::integrals leg = statistics.between(start, to.lambda(), e);
    const std::size_t nodes = h == 0 ? 1 : used.nodes.size();
    std::array<double, max_nodes> theta{}, powers{};
    for (std::size_t k = 0; k < nodes; ++k) {
      theta[k] = k == 0 ? 0 : (path[used.nodes[k]].from.lambda() - start) / h;
      powers[k] = leg.power[k] / std::pow(h, k);
    }
    const std::span<const double> at{theta.data(), nodes};
    const auto w = used.pseudo ? weights_of_differences(at, powers) : weights_on(at, powers);
    const double scale = to.alpha * std::exp(-leg.l);
    double constant = leg.product;
    row(1)[e] = scale / from.alpha;
    for (std::size_t i = 0; i < used.nodes.size(); ++i) {
      const noise_level& level = path[used.nodes[i]].from;
      const model_statistics::integrals back = statistics.between(start, level.lambda(), e);
      const double weight = scale * w[i] * std::exp(-back.s) / level.alpha;
      row(2 + 2 * i)[e] = weight * statistics.at(level.lambda(), e)[0];
      row(3 + 2 * i)[e] = -weight * level.sigma;
      constant -= w[i] * back.b;
    }
    if (!corrects()) row(2)[e] += row(1)[e];
    row(0)[e] = -scale * constant;
  }
};

}  // namespace noisefall
