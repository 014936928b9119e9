// Networks that predict the velocity of a straight path.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/parameterisation/concept.hpp>

namespace noisefall {

// F = eps - x0, or x0 - eps where reversed. x0 = (x - sigma F) / (alpha + sigma), eps = (x + alpha F) / (alpha +
// sigma), on any schedule; on rectified flow, where alpha + sigma = 1, F = dx/dt. Finite at alpha = 0 and at sigma = 0.
// The label is label_scale * sigma + label_offset: 1000 sigma for SD3 and Flux; 1 and 0 for networks fed t in [0, 1];
// -1 and 1 for those fed 1 - t.
struct predicts_flow {
  static constexpr std::string_view name = "predicts_flow";
  static constexpr std::string_view reference = papers::rectified_flow;

  bool reversed = false;
  double label_scale = 1000;  // not 0
  double label_offset = 0;

  void check() const {
    require(label_scale != 0 && std::isfinite(label_scale) && std::isfinite(label_offset), name,
            {"label_scale: ", label_scale, ", label_offset: ", label_offset}, "finite; label_scale not 0");
  }

  affine to_x0(const noise_level& at) const {
    const double sum = at.alpha + at.sigma;
    return {1 / sum, (reversed ? at.sigma : -at.sigma) / sum};
  }
  affine to_eps(const noise_level& at) const {
    const double sum = at.alpha + at.sigma;
    return {1 / sum, (reversed ? -at.alpha : at.alpha) / sum};
  }
  double input_scale(const noise_level&) const { return 1; }
  double label(const noise_level& at) const { return label_scale * at.sigma + label_offset; }
};

}  // namespace noisefall
