// Networks that predict v, the velocity along the circle.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/parameterisation/concept.hpp>

namespace noisefall {

// F = v = (alpha eps - sigma x0) / n with n = sqrt(alpha^2 + sigma^2), which is 1 on variance-preserving schedules.
// x0 = (alpha x / n - sigma F) / n, eps = (sigma x / n + alpha F) / n: finite at alpha = 0 and at sigma = 0.
struct predicts_v {
  static constexpr std::string_view name = "predicts_v";
  static constexpr std::string_view reference = papers::progressive_distillation;

  double label_scale = 1;  // not 0; the network is fed label_scale * t + label_offset
  double label_offset = 0;

  void check() const {
    require(label_scale != 0 && std::isfinite(label_scale) && std::isfinite(label_offset), name,
            {"label_scale: ", label_scale, ", label_offset: ", label_offset}, "finite; label_scale not 0");
  }

  affine to_x0(const noise_level& at) const {
    const double n2 = at.alpha * at.alpha + at.sigma * at.sigma;
    return {at.alpha / n2, -at.sigma / std::sqrt(n2)};
  }
  affine to_eps(const noise_level& at) const {
    const double n2 = at.alpha * at.alpha + at.sigma * at.sigma;
    return {at.sigma / n2, at.alpha / std::sqrt(n2)};
  }
  double input_scale(const noise_level&) const { return 1; }
  double label(const noise_level& at) const { return label_scale * at.t + label_offset; }
};

}  // namespace noisefall
