// Heun's method in sigma / alpha, with churn: EDM's sampler.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/churn.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/leg_label.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/row_algebra.hpp>

namespace noisefall {

// x_hat = x raised by churn (churn.hpp);  u = the Euler step from x_hat to t with D_1;  D_2 read at u
// x_t = (sigma_t / sigma_hat) * x_hat + alpha_t * (1 - q) * ((1 - 1/(2q)) * D_1 + 1/(2q) * D_2),   q = rho_t / rho_hat
//
// (Karras, Aittala, Aila, Laine 2022, algorithm 2, with y = x / alpha and rho = sigma / alpha: the trapezoidal rule on
// eps. For a flow it is Heun's method in sigma only up to the third order of the step: the variable is sigma / alpha.)
// Order 2 of the ODE, two evaluations; one, the Euler step, on a leg with an end without lambda: exactly D at sigma_t =
// 0. A leg that rises is done in eps, without churn. s_churn and s_noise >= 0, 0 <= s_tmin <= s_tmax in units of rho;
// count is the number of steps of the run.
struct heun {
  static constexpr std::string_view name = "heun";
  static constexpr std::string_view reference = papers::edm;

  double s_churn = 0, s_tmin = 0, s_tmax = std::numeric_limits<double>::infinity(), s_noise = 1;

  int order() const { return 2; }
  int weak_order() const { return s_churn == 0 || s_noise == 1 ? 2 : 0; }
  std::size_t history() const { return 0; }
  void check() const { churn{s_churn, s_tmin, s_tmax, s_noise}.check("heun"); }

  step_plan plan(const step_window& window) const {
    const noise_level& to = window.at.to;
    const raised_start start = raise(window, {s_churn, s_tmin, s_tmax, s_noise});
    const auto [of, euler] = ode_row(start.at, to, rises(start.at, to) ? quantity::eps : quantity::x0);
    step_plan p = look_at(start.at, of);
    start_at(p, start, window);
    row r = euler;
    if (has_length(start.at, to)) {
      p.evaluations.push_back({.state = substitute(euler, start.state), .at = to, .label = label_at_end(window)});
      const double second = of == quantity::eps ? 0.5 : 0.5 / noise_kept(start.at, to);
      r.now = {euler.now[0] * (1 - second), euler.now[0] * second};
    }
    p.result = substitute(r, start.state);
    return p;
  }
};

}  // namespace noisefall
