// Singlestep DPM-Solvers with fresh noise after each step: Euler ancestral, DPM2 ancestral, DPM++ 2S ancestral, DPM
// fast.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>
#include <noisefall/solver/row_algebra.hpp>

namespace noisefall {

// x_t / alpha_t = the step of dpm_singlestep to rho_down + s_noise * rho_up * z
//
// with rho_up = min(rho_t, eta * sqrt(rho_t^2 * (rho_s^2 - rho_t^2) / rho_s^2)), rho_down = sqrt(rho_t^2 - rho_up^2),
// rho = sigma / alpha. In the terms of k-diffusion (K. Crowson 2022):
//   order 1                 sample_euler_ancestral; ddim{.eta = eta} where s_noise = 1
//   order 2 of eps          sample_dpm_2_ancestral
//   order 2 of x0           sample_dpmpp_2s_ancestral, and with two readings (CFG++) ComfyUI's form of it
//   order 3 of eps, budget  sample_dpm_fast, with end_is_floor, on trajectories equidistant in lambda
// end_is_floor: rho_down is never below the trajectory's last level, where the network may not have been trained; there
// is as much less noise.
//
// `order` evaluations, or as budget says (dpm_singlestep). Order `order` of the ODE, and of the law at the end with
// noise: what a step gets wrong is only its way to rho_down, except with s_noise other than 1, which does not keep the
// variance. One evaluation and the step of order 1 on a leg with an end without lambda (exactly D at sigma_t = 0) or
// where all noise is renewed. No noise on a leg that rises. order 1 to 3, eta and s_noise >= 0.
struct dpm_ancestral {
  static constexpr std::string_view name = "dpm_ancestral";
  static constexpr std::string_view reference = papers::dpm_solver;

  asked_order order = 2;
  quantity of = quantity::x0;
  dpm_singlestep::kind correction = dpm_singlestep::kind::midpoint;
  std::size_t budget = 0;
  double eta = 1, s_noise = 1;
  bool end_is_floor = false;

  static std::array<solver_alias<dpm_ancestral>, 2> aliases() {
    return {{{"dpm_2_ancestral", {.of = quantity::eps}}, {"dpmpp_2s_ancestral", {}}}};
  }

  int weak_order() const { return eta == 0 || s_noise == 1 ? order() : 0; }
  bool takes_two_readings() const { return of == quantity::x0; }
  std::size_t history() const { return 0; }
  void check() const {
    require_range("dpm_ancestral.order", order, 1, 3);
    require_x0_or_eps("dpm_ancestral.of", of);
    require_range("dpm_ancestral.eta", eta, 0);
    require_range("dpm_ancestral.s_noise", s_noise, 0);
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    const dpm_singlestep solver{.order = order, .of = of, .correction = correction, .budget = budget};
    double fresh = ancestral_noise(from, to, eta);
    if (fresh == 0) return solver.plan(window);

    const double floor = end_is_floor ? std::min(to.rho(), window.ahead.back().to.rho()) : 0;
    double down = carried_over(to, fresh) / to.alpha;
    if (down < floor) {
      down = floor;
      fresh = to.alpha * std::sqrt((to.rho() - down) * (to.rho() + down));
    }
    if (down == 0 || !has_length(from, to)) {
      step_plan p = ddim{.eta = eta}.plan(window);
      p.result.noise[0] *= s_noise;
      return p;
    }

    step_window to_there = window;
    to_there.at.to = down == to.rho() ? to : window.at_lambda(-std::log(down));
    step_plan p = solver.plan(to_there);
    row at_end{};
    add(at_end, to.alpha / to_there.at.to.alpha, p.result);
    p.result = at_end;
    add_noise(p, window.at, s_noise * fresh);
    return p;
  }
};

}  // namespace noisefall
