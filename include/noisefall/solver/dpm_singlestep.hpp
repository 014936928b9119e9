// Singlestep DPM-Solver and DPM-Solver++, orders 1 to 3: all evaluations inside the step, no history.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// Order 3, with levels at lambda_s + r h, r = 1/3 and 2/3 (order 2: 1/2; a, scale and I_k of exponential_leg):
//   u_1 = a_1 x + scale_1 I_0 m_0
//   u_2 = a_2 x + scale_2 (I_0 m_0 + (r_2 / r_1) I_1 (m_1 - m_0))
//   x_t = a x + scale (I_0 m_0 + (I_1 / r_2) (m_2 - m_0))           midpoint ("dpmsolver")
//         the parabola through m_0, m_1, m_2                         heun ("taylor")
// Order 2:  x_t = a x + scale (I_0 m_0 + slope / r_1 (m_1 - m_0)), slope I_0 / 2 (midpoint) or I_1 (heun).
//
// of eps: DPM-Solver-2 and -3 (Lu et al. 2022, arXiv:2206.00927, algorithms 1 and 2); of x0: DPM-Solver++(2S) (Lu et
// al. 2022, arXiv:2211.01095, algorithm 1) and its third order. `order` evaluations and order `order`; order 1 over a
// leg with an end without lambda (sigma_t = 0: exactly D). budget > 0: as many evaluations in the whole run, by steps
// of the order that orders(budget, order) lists, which is also how the trajectory must be laid; 0: every step has
// `order`. stages: levels inside a step equidistant in lambda, in time, or in the square root of time. order 1 to 3;
// legs may rise. With two readings (CFG++), of x0, all rows start from alpha_s * D + sigma_s * eps instead of x, with D
// the first reading at s and eps the second.
struct dpm_singlestep {
  static constexpr std::string_view name = "dpm_singlestep";
  static constexpr std::string_view reference = papers::dpm_solver;

  enum class kind : std::uint8_t { midpoint, heun };
  enum class nodes : std::uint8_t { lambda, time, time_quadratic };

  asked_order order = 3;
  quantity of = quantity::x0;
  kind correction = kind::midpoint;
  std::size_t budget = 0;
  nodes stages = nodes::lambda;

  // dpm_2 is k-diffusion's, in the same rows as dpm_solver_2.
  static std::array<solver_alias<dpm_singlestep>, 6> aliases() {
    return {{{"dpm_2", {.order = 2, .of = quantity::eps}},
             {"dpm_pp_2s", {.order = 2}},
             {"dpm_pp_3s", {.order = 3}},
             {"dpm_solver_2", {.order = 2, .of = quantity::eps}},
             {"dpm_solver_3", {.order = 3, .of = quantity::eps}},
             {"res_2s", {.order = 2, .correction = kind::heun}}}};
  }

  bool takes_two_readings() const { return of == quantity::x0; }
  std::size_t history() const { return 0; }
  void check() const {
    require_range("dpm_singlestep.order", order, 1, 3);
    require_x0_or_eps("dpm_singlestep.of", of);
  }

  // The orders of the steps of a run of `budget` evaluations: 3, ..., 3 and then 2 1, 1 or 2; 2, ..., 2 and then 1 if
  // odd.
  static std::vector<int> orders(std::size_t budget, int order) {
    std::vector<int> list;
    while (budget > 0) {
      list.push_back(next_order(budget, order));
      budget -= static_cast<std::size_t>(list.back());
    }
    return list;
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    step_plan p = look_at(from, of);
    const int k = has_length(from, to) ? order_at(window.at.index) : 1;
    if (k == 1) {
      const auto [quantity_here, formula] = ode_row(from, to, of);
      p.of = quantity_here;
      p.result = formula;
      if (window.two_readings) split_first(p, window);
      return p;
    }
    const exponential_leg whole = leg_in_lambda(from, to, of, 0);
    std::array<double, 3> lambdas{whole.lambda};
    for (std::size_t j = 1; j < static_cast<std::size_t>(k); ++j) {
      const noise_level level = inside(window, static_cast<double>(j) / k, whole);
      lambdas[j] = level.lambda();
      const exponential_leg part = leg_in_lambda(from, level, of, 0);
      p.evaluations.push_back({.state = stage_row(part, {lambdas.data(), j}, moments(part.y)), .at = level});
    }
    auto m = moments(whole.y);
    if (correction == kind::heun || k == 2) {
      if (correction == kind::midpoint) m[1] = m[0] / 2;
      p.result = stage_row(whole, {lambdas.data(), static_cast<std::size_t>(k)}, m);
    } else {
      p.result = stage_row(whole, std::array{lambdas[0], lambdas[2]}, m);
      std::swap(p.result.now[1], p.result.now[2]);
    }
    if (!window.two_readings) return p;
    for (std::size_t j = 1; j < p.evaluations.size(); ++j)
      p.evaluations[j].state = split_readings(p.evaluations[j].state, from);
    p.result = split_readings(p.result, from);
    return p;
  }

 private:
  // A step of one reading, also one that leaves sigma = 0.
  static void split_first(step_plan& p, const step_window& window) {
    p.of = quantity::x0;
    p.result = {};
    p.result.now[0] = window.at.to.alpha;
    p.result.now_renoise[0] = window.at.to.sigma;
  }

  static int next_order(std::size_t left, int most) {
    if (most == 3 && left == 3) return 2;  // and 1, to end with a short step
    return static_cast<int>(std::min(left, static_cast<std::size_t>(most)));
  }

  int order_at(std::size_t index) const {
    if (budget == 0) return order;
    std::size_t left = budget;
    for (std::size_t i = 0; i < index && left > 0; ++i) left -= static_cast<std::size_t>(next_order(left, order));
    return std::max(1, next_order(left, order));
  }

  // The level at fraction r of the leg.
  noise_level inside(const step_window& window, double r, const exponential_leg& whole) const {
    const double s = window.at.from.t, t = window.at.to.t;
    if (stages == nodes::time) return window.at_time(s + r * (t - s));
    if (stages == nodes::lambda) return window.at_lambda(whole.lambda + r * whole.h);
    const double root = std::sqrt(s) + r * (std::sqrt(t) - std::sqrt(s));
    return window.at_time(root * root);
  }

  static row stage_row(const exponential_leg& leg, std::span<const double> lambdas,
                       const std::array<double, max_nodes>& moments) {
    const auto weights = adams_weights(leg, lambdas, moments);
    row r{.x = leg.a};
    for (std::size_t j = 0; j < lambdas.size(); ++j) r.now[j] = weights[j];
    return r;
  }
};

}  // namespace noisefall
