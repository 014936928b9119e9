// The straight path of rectified flow and flow matching.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>

namespace noisefall {

// alpha = 1 - t, sigma = t, t in [t_end, 1], arXiv:2209.03003. at() and time_of() hold on [0, 1]: clean at t = 0, pure
// noise (alpha = 0, lambda = -infinity) at t = 1.
struct rectified_flow {
  static constexpr std::string_view name = "rectified_flow";
  static constexpr std::string_view reference = papers::rectified_flow;

  double t_end = 1e-3;  // in [0, 1)

  void check() const { require(t_end >= 0 && t_end < 1, name, {"t_end: ", t_end}, "0 to 1, without 1"); }

  noise_level at(double t) const { return {t, 1 - t, t}; }
  double time_of(double lambda) const { return 1 / (1 + std::exp(lambda)); }
  noise_level at_rho(double rho) const {
    if (std::isinf(rho)) return {1, 0, 1};
    const double sigma = rho / (1 + rho);
    return {sigma, 1 / (1 + rho), sigma};
  }
  double t_min() const { return t_end; }
  double t_max() const { return 1; }
};

}  // namespace noisefall
