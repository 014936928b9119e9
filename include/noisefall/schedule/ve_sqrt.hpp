// The variance-exploding process whose variance is its time.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>

namespace noisefall {

// alpha = 1, sigma = sqrt(t), t in [sigma_min^2, sigma_max^2], the VE column of arXiv:2206.00364 table 1. at() and
// time_of() hold for every t >= 0.
struct ve_sqrt {
  static constexpr std::string_view name = "ve_sqrt";
  static constexpr std::string_view reference = papers::edm;

  double sigma_min = 0.02;  // 0 or more
  double sigma_max = 100;   // above sigma_min

  void check() const {
    require(sigma_min >= 0 && sigma_max > sigma_min && std::isfinite(sigma_max * sigma_max), name,
            {"sigma_min: ", sigma_min, ", sigma_max: ", sigma_max}, "0 <= sigma_min < sigma_max");
  }

  noise_level at(double t) const { return {t, 1, std::sqrt(t)}; }
  double time_of(double lambda) const { return std::exp(-2 * lambda); }
  noise_level at_rho(double rho) const { return {rho * rho, 1, rho}; }
  double t_min() const { return sigma_min * sigma_min; }
  double t_max() const { return sigma_max * sigma_max; }
};

}  // namespace noisefall
