// The process of EDM: time is the noise itself.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>

namespace noisefall {

// alpha = 1, sigma = t, t in [sigma_min, sigma_max], the range that the network was trained on; at() and time_of() hold
// for every t >= 0. arXiv:2206.00364 table 1.
struct edm {
  static constexpr std::string_view name = "edm";
  static constexpr std::string_view reference = papers::edm;

  double sigma_min = 0.002;  // 0 or more
  double sigma_max = 80;     // above sigma_min

  void check() const {
    require(sigma_min >= 0 && sigma_max > sigma_min && std::isfinite(sigma_max), name,
            {"sigma_min: ", sigma_min, ", sigma_max: ", sigma_max}, "0 <= sigma_min < sigma_max");
  }

  noise_level at(double t) const { return {t, 1, t}; }
  double time_of(double lambda) const { return std::exp(-lambda); }
  noise_level at_rho(double rho) const { return {rho, 1, rho}; }
  double t_min() const { return sigma_min; }
  double t_max() const { return sigma_max; }
};

}  // namespace noisefall
