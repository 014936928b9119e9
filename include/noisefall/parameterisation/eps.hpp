// Networks that predict the noise.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/parameterisation/concept.hpp>

namespace noisefall {

// F = eps. x0 = (x - sigma F) / alpha, eps = F.
// At alpha = 0 x0 has no limit: {infinity, -infinity}. At sigma = 0 x0 = x.
struct predicts_eps {
  static constexpr std::string_view name = "predicts_eps";
  static constexpr std::string_view reference = papers::ddpm;

  double label_scale = 1;  // not 0; the network is fed label_scale * t + label_offset
  double label_offset = 0;

  void check() const {
    require(label_scale != 0 && std::isfinite(label_scale) && std::isfinite(label_offset), name,
            {"label_scale: ", label_scale, ", label_offset: ", label_offset}, "finite; label_scale not 0");
  }

  affine to_x0(const noise_level& at) const { return {1 / at.alpha, -at.sigma / at.alpha}; }
  affine to_eps(const noise_level&) const { return {0, 1}; }
  double input_scale(const noise_level&) const { return 1; }
  double label(const noise_level& at) const { return label_scale * at.t + label_offset; }
};

}  // namespace noisefall
