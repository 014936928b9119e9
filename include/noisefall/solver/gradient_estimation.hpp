// Gradient estimation: Euler's method with the noise pulled beyond the newest reading, away from the one before.
#pragma once

#include <cmath>
#include <cstddef>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>

namespace noisefall {

// x_t / alpha_t = x / alpha_s + (rho_t - rho_s) * (gamma * eps_0 + (1 - gamma) * eps_1),   rho = sigma / alpha
//
// (Permenter and Yuan 2024, algorithm 2, with gamma = 2 as there; ComfyUI's gradient_estimation.) Order 1 for any gamma
// but 3/2 on a uniform grid, where it is Adams and Bashforth's of order 2: it reduces the error of a network, not that
// of the integration. One evaluation; the first step and one that ends at sigma_t = 0 (exactly D) are Euler's. A leg
// that starts at alpha = 0 is a DDIM step in x0, and its reading is not used again. gamma finite; legs may rise. With
// two readings (CFG++) the state is renewed from the first, D, and eps is the second, now and remembered.
struct gradient_estimation {
  static constexpr std::string_view name = "gradient_estimation";
  static constexpr std::string_view reference = papers::gradient_estimation;
  static constexpr bool two_readings = true;

  double gamma = 2;

  int order() const { return 1; }
  std::size_t history() const { return 1; }
  void check() const { require(std::isfinite(gamma), "gradient_estimation.gamma", {"is ", gamma}, "a finite number"); }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    const auto [of, formula] = ode_row(from, to, quantity::eps);
    step_plan p = look_at(from, of);
    p.result = formula;
    const bool remembers = window.stored > 0 && window.past_level(0).alpha > 0;
    if (window.two_readings) {
      p.of = quantity::x0;
      p.result = {};
      p.result.now[0] = to.alpha;
      p.result.now_renoise[0] = to.sigma;
      if (to.sigma == 0 || from.alpha == 0 || to.alpha == 0 || !remembers) return p;
      const double pull = to.alpha * (to.rho() - from.rho()) * (gamma - 1);
      p.result.now_renoise[0] += pull;
      p.result.past_renoise[0] = -pull;
      return p;
    }
    if (of != quantity::eps || to.sigma == 0 || !remembers) return p;
    p.result.past[0] = (1 - gamma) * p.result.now[0];
    p.result.now[0] *= gamma;
    return p;
  }
};

}  // namespace noisefall
