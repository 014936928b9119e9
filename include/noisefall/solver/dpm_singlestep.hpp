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
// legs may rise.
//
// eta > 0: the ancestral form, all of this to the level that is left when noise of eta * sigma_t * sqrt(1 - (rho_t /
// rho_s)^2), at most sigma_t, is then added (k-diffusion's ancestral samplers). Each step keeps the law of the data to
// its order, so the weak order is `order`; an s_noise other than 1 does not converge. No noise on a leg that rises or
// ends at sigma = 0.
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
  double eta = 0, s_noise = 1;

  // dpm_2 is k-diffusion's, in the same rows as dpm_solver_2.
  static std::array<solver_alias<dpm_singlestep>, 8> aliases() {
    return {{{"dpm_2", {.order = 2, .of = quantity::eps}},
             {"dpm_2_ancestral", {.order = 2, .of = quantity::eps, .eta = 1}},
             {"dpm_pp_2s", {.order = 2}},
             {"dpm_pp_3s", {.order = 3}},
             {"dpmpp_2s_ancestral", {.order = 2, .eta = 1}},
             {"dpm_solver_2", {.order = 2, .of = quantity::eps}},
             {"dpm_solver_3", {.order = 3, .of = quantity::eps}},
             {"res_2s", {.order = 2, .correction = kind::heun}}}};
  }

  int weak_order() const { return eta == 0 || s_noise == 1 ? order() : 0; }
  std::size_t history() const { return 0; }
  void check() const {
    require_range("dpm_singlestep.order", order, 1, 3);
    require_x0_or_eps("dpm_singlestep.of", of);
    require_range("dpm_singlestep.eta", eta, 0);
    require_range("dpm_singlestep.s_noise", s_noise, 0);
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
    const noise_level& from = window.at.from;
    const double fresh = ancestral_noise(from, window.at.to, eta);
    const noise_level to = without_noise(window, fresh);
    step_plan p = look_at(from, of);
    add_noise(p, window.at, s_noise * fresh);
    const int k = has_length(from, to) ? order_at(window.at.index) : 1;
    if (k == 1) {
      const auto [quantity_here, formula] = ode_row(from, to, of);
      p.of = quantity_here;
      set_readings(p.result, formula);
      return p;
    }
    const exponential_leg whole = leg_in_lambda(from, to, of, 0);
    std::array<double, 3> lambdas{whole.lambda};
    for (std::size_t j = 1; j < static_cast<std::size_t>(k); ++j) {
      const noise_level level = inside(window, to, static_cast<double>(j) / k, whole);
      lambdas[j] = level.lambda();
      const exponential_leg part = leg_in_lambda(from, level, of, 0);
      p.evaluations.push_back({.state = stage_row(part, {lambdas.data(), j}, moments(part.y)), .at = level});
    }
    auto m = moments(whole.y);
    if (correction == kind::heun || k == 2) {
      if (correction == kind::midpoint) m[1] = m[0] / 2;
      set_readings(p.result, stage_row(whole, {lambdas.data(), static_cast<std::size_t>(k)}, m));
    } else {
      set_readings(p.result, stage_row(whole, std::array{lambdas[0], lambdas[2]}, m));
      std::swap(p.result.now[1], p.result.now[2]);
    }
    return p;
  }

 private:
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

  // Where the deterministic part of the step ends: the leg's end without the noise that is then added, whose alpha it
  // keeps.
  static noise_level without_noise(const step_window& window, double fresh) {
    noise_level to = window.at.to;
    if (fresh == 0) return to;
    to.sigma = carried_over(to, fresh);
    if (to.sigma > 0) to.t = window.at_lambda(to.lambda()).t;
    return to;
  }

  static void set_readings(row& result, const row& formula) {
    result.x = formula.x;
    result.now = formula.now;
  }

  // The level at fraction r of the leg.
  noise_level inside(const step_window& window, const noise_level& to, double r, const exponential_leg& whole) const {
    const double s = window.at.from.t, t = to.t;
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
