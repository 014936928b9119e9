// Sampling of latent consistency models, with the boundary scalings of their network.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/leg_label.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// x_t = alpha_t * (c_out * D + c_skip * x) + sigma_t * z,   tau = timestep_scaling * label,
// c_skip = sigma_data^2 / (tau^2 + sigma_data^2),  c_out = tau / sqrt(tau^2 + sigma_data^2)
//
// (Luo, Tan, Huang, Li, Zhao 2023, equation 7 and algorithm 3.) D is what the network says, after a map if there is
// one. All noise is renewed, so a leg may rise or fall by any amount. Without the scalings it is
// consistency_multistep. Order 1 as it treats a network that is not distilled, which it does not converge for (weak
// order 0); one evaluation, no noise at sigma_t = 0. Keeps neither constants nor the variance: c_out + c_skip is only
// about 1. timestep_scaling and sigma_data above 0; labels must be those that the network is fed.
struct latent_consistency {
  static constexpr std::string_view name = "latent_consistency";
  static constexpr std::string_view reference = papers::latent_consistency;

  double timestep_scaling = 10, sigma_data = 0.5;

  int order() const { return 1; }
  int weak_order() const { return 0; }
  std::size_t history() const { return 0; }
  void check() const {
    require_range("latent_consistency.timestep_scaling", timestep_scaling, std::numeric_limits<double>::min());
    require_range("latent_consistency.sigma_data", sigma_data, std::numeric_limits<double>::min());
  }

  step_plan plan(const step_window& window) const {
    const noise_level& to = window.at.to;
    step_plan p = look_at(window.at.from);
    const double tau = timestep_scaling * label_or_time(window.ahead.front()), whole = std::hypot(tau, sigma_data);
    p.result.x = to.alpha * (sigma_data / whole) * (sigma_data / whole);
    p.result.now[0] = to.alpha * tau / whole;
    add_noise(p, window.at, to.sigma);
    return p;
  }
};

}  // namespace noisefall
