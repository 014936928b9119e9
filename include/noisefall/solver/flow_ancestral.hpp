// Euler's method on a flow with fresh noise after each step, in the flow's own measure of how much.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// s_down = s_t * (1 - eta * (1 - s_t / s_s)),   s = sigma / (alpha + sigma), a rectified flow's time
// x_t / alpha_t = the Euler step to rho_down + s_noise * sqrt(rho_t^2 - rho_down^2) * z,   rho_down = s_down / (1 -
// s_down)
//
// (ComfyUI's Euler ancestral for flows and diffusers' LTXEulerAncestralRF, on any marginal.) ddim{.eta} is the same
// step with another measure, which at alpha_s = 0, where flows start, renews all noise at once; this one keeps s_down
// / s_t of it. Order 1, and as much for the law at the end unless s_noise is other than 1, which does not keep the
// variance. One evaluation; exactly D at sigma_t = 0; no noise on a leg that rises. eta >= 0 (above 1 the step may go
// down to 0), s_noise >= 0.
struct flow_ancestral {
  static constexpr std::string_view name = "flow_ancestral";
  static constexpr std::string_view reference = papers::k_diffusion;

  double eta = 1, s_noise = 1;

  int order() const { return 1; }
  int weak_order() const { return eta == 0 || s_noise == 1 ? 1 : 0; }
  std::size_t history() const { return 0; }
  void check() const {
    require_range("flow_ancestral.eta", eta, 0);
    require_range("flow_ancestral.s_noise", s_noise, 0);
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    if (!falls(from, to) || eta == 0) {
      const auto [of, formula] = ode_row(from, to, quantity::x0);
      step_plan p = look_at(from, of);
      p.result = formula;
      return p;
    }
    const auto time = [](const noise_level& at) { return at.sigma / (at.alpha + at.sigma); };
    const double t = time(to), down = t * std::max(0.0, 1 - eta * (1 - t / time(from)));
    const double rho_down = down / (1 - down), rho = to.rho();
    step_plan p = look_at(from);
    p.result = data_row(from, to, to.alpha * rho_down / from.sigma);
    add_noise(p, window.at, s_noise * to.alpha * std::sqrt((rho - rho_down) * (rho + rho_down)));
    return p;
  }
};

}  // namespace noisefall
