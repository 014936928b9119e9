// The variance-exploding process with geometric noise.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>

namespace noisefall {

// alpha = 1, sigma = sigma_min (sigma_max / sigma_min)^t, t in [0, 1], arXiv:2011.13456 eq. 31. sigma is never 0.
struct ve {
  static constexpr std::string_view name = "ve";
  static constexpr std::string_view reference = papers::score_sde;

  double sigma_min = 0.01;  // above 0
  double sigma_max = 50;    // above sigma_min

  void check() const {
    require(sigma_min > 0 && sigma_max > sigma_min && std::isfinite(sigma_max), name,
            {"sigma_min: ", sigma_min, ", sigma_max: ", sigma_max}, "0 < sigma_min < sigma_max");
  }

  noise_level at(double t) const { return {t, 1, sigma_min * std::pow(sigma_max / sigma_min, t)}; }
  double time_of(double lambda) const { return -(lambda + std::log(sigma_min)) / std::log(sigma_max / sigma_min); }
  noise_level at_rho(double rho) const { return {time_of(-std::log(rho)), 1, rho}; }
  double t_min() const { return 0; }
  double t_max() const { return 1; }
};

}  // namespace noisefall
