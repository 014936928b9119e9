// Networks that predict the velocity along the circle of TrigFlow.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/parameterisation/concept.hpp>

namespace noisefall {

// On trig_flow with the same sigma_data s (alpha = cos t, sigma = s sin t): s F(x / s, t) = dx/dt = s cos t eps - sin t
// x0. x0 = alpha x - sigma F, eps = sigma x / s^2 + alpha F. Finite at both ends. The label is t. arXiv:2410.11081
// eq. 4.
struct predicts_trig_flow {
  static constexpr std::string_view name = "predicts_trig_flow";
  static constexpr std::string_view reference = papers::trig_flow;

  double sigma_data = 0.5;  // the data's standard deviation, above 0

  void check() const {
    require(sigma_data > 0 && std::isfinite(sigma_data), name, {"sigma_data: ", sigma_data}, "above 0");
  }

  affine to_x0(const noise_level& at) const { return {at.alpha, -at.sigma}; }
  affine to_eps(const noise_level& at) const { return {at.sigma / (sigma_data * sigma_data), at.alpha}; }
  double input_scale(const noise_level&) const { return 1 / sigma_data; }
  double label(const noise_level& at) const { return at.t; }
};

}  // namespace noisefall
