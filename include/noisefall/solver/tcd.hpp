// Trajectory consistency sampling: a jump to a cleaner time than the next, and noise back up to it.
#pragma once

#include <cmath>
#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// x_u = alpha_u * D + sigma_u * eps,  u = (1 - gamma) * t;   x_t = (alpha_t / alpha_u) * x_u + alpha_t * sqrt(rho_t^2 -
// rho_u^2) * z,   rho = sigma / alpha
//
// (Zheng et al. 2024, algorithm 2, "strategic stochastic sampling": gamma = 0 is ddim, gamma = 1 jumps to the time 0
// and is nearly consistency_multistep.) u is found in the schedule's time, which must fall to 0 with the noise;
// whole_times rounds it down to a whole number, as diffusers does with training indices. Where u would not be cleaner
// than t, the step is ddim's. Order 1 at gamma = 0; a jump does not shrink with the steps, so with gamma > 0 and a
// network that is not distilled the run does not converge (weak order 0). One evaluation; exactly D at sigma_t = 0; no
// noise on a leg that rises. gamma 0 to 1.
struct tcd {
  static constexpr std::string_view name = "tcd";
  static constexpr std::string_view reference = papers::tcd;

  double gamma = 0.3;
  bool whole_times = false;

  int order() const { return 1; }
  int weak_order() const { return gamma == 0 ? 1 : 0; }
  std::size_t history() const { return 0; }
  void check() const { require_range("tcd.gamma", gamma, 0, 1); }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    if (!falls(from, to)) {
      const auto [of, formula] = ode_row(from, to, quantity::eps);
      step_plan p = look_at(from, of);
      p.result = formula;
      return p;
    }
    step_plan p = look_at(from);
    const double time = (1 - gamma) * to.t;
    noise_level jump = gamma == 0 ? to : window.at_time(whole_times ? std::floor(time) : time);
    if (!falls(to, jump)) jump = to;
    p.result = data_row(from, to, to.alpha / jump.alpha * jump.sigma / from.sigma);
    add_noise(p, window.at, to.alpha * std::sqrt((to.rho() - jump.rho()) * (to.rho() + jump.rho())));
    return p;
  }
};

}  // namespace noisefall
