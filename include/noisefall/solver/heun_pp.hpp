// Heun++: Heun's method with a third look, one leg further on, and weights that fall with the noise.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/churn.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/leg_label.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/row_algebra.hpp>

namespace noisefall {

// x_hat = x raised by churn (churn.hpp);  u_1 = the Euler step from x_hat to t;  u_2 = the Euler step from u_1 on to the
// next leg's end r, with eps read at u_1
// y_t = y_hat + (rho_t - rho_hat) * ((1 - w_1 - w_2) eps_0 + w_1 eps_1 + w_2 eps_2),
//   w_1 = rho_t / (3 rho_0),  w_2 = rho_r / (3 rho_0),  y = x / alpha,  rho = sigma / alpha
//
// (sd-webui-samplers-scheduler, 2023; ComfyUI's heunpp2.) rho_0 is where the run starts. On the run's last leg but one
// there is no u_2 and w_1 = rho_t / (2 rho_0); the last leg is Euler's. A heuristic: the weights are not those of a
// quadrature, so the order is 1, for three evaluations (2 and 1 at the end). Euler's step where a leg has an end without
// lambda (exactly D at sigma_t = 0), where it rises (without churn), and where the run starts at alpha = 0, above all
// rho.
// s_churn and s_noise >= 0, 0 <= s_tmin <= s_tmax in units of rho; count is the number of steps of the run.
struct heun_pp {
  static constexpr std::string_view name = "heun_pp";
  static constexpr std::string_view reference = papers::heun_pp;

  double s_churn = 0, s_tmin = 0, s_tmax = std::numeric_limits<double>::infinity(), s_noise = 1;

  static std::array<solver_alias<heun_pp>, 1> aliases() { return {{{"heunpp2", {}}}}; }

  int order() const { return 1; }
  int weak_order() const { return s_churn == 0 || s_noise == 1 ? 1 : 0; }
  std::size_t history() const { return 0; }
  void check() const { churn{s_churn, s_tmin, s_tmax, s_noise}.check("heun_pp"); }

  step_plan plan(const step_window& window) const {
    const noise_level& to = window.at.to;
    const raised_start start = raise(window, {s_churn, s_tmin, s_tmax, s_noise});
    const auto [of, euler] = ode_row(start.at, to, quantity::eps);
    step_plan p = look_at(start.at, of);
    start_at(p, start, window);
    const double first = (window.behind.empty() ? window.at.from : window.behind.front().from).rho();
    const std::size_t left = window.ahead.size();
    row r = euler;
    if (left > 1 && std::isfinite(first) && falls(start.at, to) && has_length(start.at, to)) {
      const noise_level& beyond = window.ahead[1].to;
      const bool looks_beyond = left > 2 && falls(to, beyond) && has_length(to, beyond);
      const double share = looks_beyond ? 3 : 2, w_1 = to.rho() / (share * first);
      p.evaluations.push_back({.state = substitute(euler, start.state), .at = to, .label = label_at_end(window)});
      r.now = {euler.now[0] * (1 - w_1), euler.now[0] * w_1};
      if (looks_beyond) {
        const double w_2 = beyond.rho() / (share * first);
        const row onwards = eps_row(to, beyond);
        row u = substitute(row{.x = onwards.x}, euler);
        u.now[1] = onwards.now[0];
        const double label = label_at_start(window, 2, beyond);
        p.evaluations.push_back({.state = substitute(u, start.state), .at = beyond, .label = label});
        r.now[0] -= euler.now[0] * w_2;
        r.now[2] = euler.now[0] * w_2;
      }
    }
    p.result = substitute(r, start.state);
    return p;
  }
};

}  // namespace noisefall
