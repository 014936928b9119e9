// DPM-Solver++(2M), the usual default, and its form with two readings.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/dpm_multistep.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/plan.hpp>

namespace noisefall {

// x_t = (sigma_t / sigma_s) * x + alpha_t * (1 - exp(-h)) * D_0 + w * (D_0 - D_1)
//   w = alpha_t * slope / r,  r = h_1 / h
//
// with slope (1 - exp(-h)) / 2 (midpoint; Lu et al. 2022, algorithm 2) or phi_2 = 1 - (1 - exp(-h)) / h (heun). It is
// dpm_multistep{.order = 2}: order 2, one evaluation; order 1 on the first step, at sigma_t = 0 (exactly D) and at
// alpha_s = 0.
//
// With two readings (CFG++, Chung et al. 2024), D guided and U what is renoised with, both as x0:
//   x_t = (sigma_t / sigma_s) * (x - alpha_s * U_0) + alpha_t * D_0 + w * (D_0 - U_1)
struct dpm_pp_2m {
  static constexpr std::string_view name = "dpm_pp_2m";
  static constexpr std::string_view reference = papers::dpm_solver_pp;
  static constexpr bool two_readings = true;
  using kind = dpm_multistep::kind;

  kind correction = kind::midpoint;

  static std::array<solver_alias<dpm_pp_2m>, 1> aliases() { return {{{"dpmpp_2m", {}}}}; }

  int order() const { return 2; }
  std::size_t history() const { return 1; }
  void check() const {}

  step_plan plan(const step_window& window) const {
    step_plan p = dpm_multistep{.order = 2, .correction = correction}.plan(window);
    if (!window.two_readings) return p;
    const noise_level &from = window.at.from, &to = window.at.to;
    row& r = p.result;
    if (p.of == quantity::eps) {  // a leg that leaves sigma = 0
      p.of = quantity::x0;
      r = {};
      r.now[0] = to.alpha;
      r.now_renoise[0] = to.sigma;
      return p;
    }
    p.renoise_of = quantity::x0;
    r.now[0] = to.alpha - r.past[0];
    r.now_renoise[0] = -r.x * from.alpha;
    r.past_renoise[0] = r.past[0];
    r.past[0] = 0;
    return p;
  }
};

}  // namespace noisefall
