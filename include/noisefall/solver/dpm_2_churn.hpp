// DPM-Solver-2 with churn: k-diffusion's DPM2.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/churn.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/row_algebra.hpp>

namespace noisefall {

// x_hat = x raised by churn (churn.hpp);  rho_mid = sqrt(rho_hat * rho_t);  u = the Euler step to rho_mid
// x_t / alpha_t = x_hat / alpha_hat + (rho_t - rho_hat) * eps(u, rho_mid),   rho = sigma / alpha
//
// (k-diffusion's sample_dpm_2, after algorithm 2 of Karras et al. 2022 and DPM-Solver-2.) Without churn it is
// dpm_singlestep{.order = 2, .of = quantity::eps}. Order 2, two evaluations; one, the Euler step, on a leg with an end
// without lambda: exactly D at sigma_t = 0. No churn on a leg that rises. s_churn and s_noise >= 0, 0 <= s_tmin <=
// s_tmax in units of rho; count is the number of steps of the run.
struct dpm_2_churn {
  static constexpr std::string_view name = "dpm_2_churn";
  static constexpr std::string_view reference = papers::dpm_solver;

  double s_churn = 0, s_tmin = 0, s_tmax = std::numeric_limits<double>::infinity(), s_noise = 1;

  int order() const { return 2; }
  int weak_order() const { return s_churn == 0 || s_noise == 1 ? 2 : 0; }
  std::size_t history() const { return 0; }
  void check() const { churn{s_churn, s_tmin, s_tmax, s_noise}.check("dpm_2_churn"); }

  step_plan plan(const step_window& window) const {
    const raised_start start = raise(window, {s_churn, s_tmin, s_tmax, s_noise});
    step_window from_there = window;
    from_there.at.from = start.at;
    step_plan p = dpm_singlestep{.order = 2, .of = quantity::eps}.plan(from_there);
    if (!start.raised) return p;
    for (std::size_t k = 1; k < p.evaluations.size(); ++k)
      p.evaluations[k].state = substitute(p.evaluations[k].state, start.state);
    p.result = substitute(p.result, start.state);
    start_at(p, start, window);
    return p;
  }
};

}  // namespace noisefall
