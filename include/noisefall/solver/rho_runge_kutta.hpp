// Runge-Kutta methods on the noise in sigma / alpha: DEIS rho-RK.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/leg_label.hpp>
#include <noisefall/solver/plan.hpp>

namespace noisefall {

// u_i = y + (rho_t - rho_s) sum_{j<i} a_ij eps_j at rho_s + c_i (rho_t - rho_s),   y_t = y + (rho_t - rho_s) sum b_i eps_i
//
// with y = x / alpha, rho = sigma / alpha, dy / drho = eps (Zhang and Chen 2022, arXiv:2204.13902, proposition 3 and
// appendix on rho-RK) and the textbook's tableaux:
//   midpoint   c = 0, 1/2             b = 0, 1
//   heun       c = 0, 1               b = 1/2, 1/2; is heun{} without churn
//   kutta_3    c = 0, 1/2, 1          b = 1/6, 4/6, 1/6
//   classical  c = 0, 1/2, 1/2, 1     b = 1/6, 2/6, 2/6, 1/6
// Order 2, 2, 3, 4 and as many evaluations; one, the Euler step, over a leg with an end without lambda: exactly D at
// sigma_t = 0. The same methods in a flow's time are flow_runge_kutta's. Legs may rise.
struct rho_runge_kutta {
  static constexpr std::string_view name = "rho_runge_kutta";
  static constexpr std::string_view reference = papers::deis;

  enum class method : std::uint8_t { midpoint, heun, kutta_3, classical };

  method by = method::kutta_3;

  static std::array<solver_alias<rho_runge_kutta>, 3> aliases() {
    return {{{"deis_rho_2_heun", {.by = method::heun}},
             {"deis_rho_3_kutta", {.by = method::kutta_3}},
             {"deis_rho_4_rk", {.by = method::classical}}}};
  }

  int order() const { return by == method::classical ? 4 : by == method::kutta_3 ? 3 : 2; }
  std::size_t history() const { return 0; }
  void check() const {}

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    if (!has_length(from, to)) {
      const auto [of, formula] = ode_row(from, to, quantity::eps);
      step_plan p = look_at(from, of);
      p.result = formula;
      return p;
    }
    step_plan p = look_at(from, quantity::eps);
    const double whole = to.rho() - from.rho();
    const auto row_to = [&](const noise_level& level, const weights& w) {
      row r{.x = level.alpha / from.alpha};
      for (std::size_t j = 0; j < w.size(); ++j) r.now[j] = level.alpha * whole * w[j];
      return r;
    };
    const auto look = [&](double c, const weights& w) {
      const noise_level level = c == 1 ? to : window.at_lambda(-std::log(from.rho() + c * whole));
      const double label = c == 1 ? label_at_end(window) : std::numeric_limits<double>::quiet_NaN();
      p.evaluations.push_back({.state = row_to(level, w), .at = level, .label = label});
    };
    switch (by) {
      case method::midpoint:
        look(0.5, {0.5});
        p.result = row_to(to, {0, 1});
        break;
      case method::heun:
        look(1, {1});
        p.result = row_to(to, {0.5, 0.5});
        break;
      case method::kutta_3:
        look(0.5, {0.5});
        look(1, {-1, 2});
        p.result = row_to(to, {1. / 6, 4. / 6, 1. / 6});
        break;
      case method::classical:
        look(0.5, {0.5});
        look(0.5, {0, 0.5});
        look(1, {0, 0, 1});
        p.result = row_to(to, {1. / 6, 2. / 6, 2. / 6, 1. / 6});
        break;
    }
    return p;
  }

 private:
  using weights = std::array<double, max_evaluations>;
};

}  // namespace noisefall
