// The continuous variance-preserving process with a cosine.
#pragma once

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/level_at_rho.hpp>

namespace noisefall {

// alpha = cos(theta(t)) / cos(theta(0)), theta(t) = (t + s) / (1 + s) pi / 2, sigma = sqrt(1 - alpha^2), which is
// sqrt(sin(theta(t) - theta(0)) sin(theta(t) + theta(0))) / cos(theta(0)). t in [t_end, t_start]: the limit that
// `cosine` approaches with ever more indices, read as the official DPM-Solver does, whose t_start keeps away from
// alpha = 0 at t = 1. at() and time_of() hold on [0, 1].
struct vp_cosine {
  static constexpr std::string_view name = "vp_cosine";
  static constexpr std::string_view reference = papers::improved_ddpm;

  double s = 0.008;         // above 0
  double t_end = 1e-3;      // in [0, t_start)
  double t_start = 0.9946;  // up to 1, where alpha is 0

  void check() const {
    require(s > 0 && std::isfinite(s), name, {"s: ", s}, "above 0");
    require(t_end >= 0 && t_end < t_start && t_start <= 1, name, {"t_end: ", t_end, ", t_start: ", t_start},
            "0 <= t_end < t_start <= 1");
  }

  noise_level at(double t) const {
    if (t == 1) return {t, 0, 1};
    const double first = angle(0), theta = angle(t), cos_first = std::cos(first);
    return {t, std::cos(theta) / cos_first, std::sqrt(std::sin(theta - first) * std::sin(theta + first)) / cos_first};
  }

  // sin^2(theta) = sin^2(theta(0)) + sigma^2 cos^2(theta(0)), cos(theta) = alpha cos(theta(0)).
  double time_of(double lambda) const {
    const noise_level level = variance_preserving_level(0, std::exp(-lambda));
    const double theta =
        std::atan2(std::hypot(std::sin(angle(0)), level.sigma * std::cos(angle(0))), level.alpha * std::cos(angle(0)));
    return theta * 2 / std::numbers::pi * (1 + s) - s;
  }

  noise_level at_rho(double rho) const { return variance_preserving_level(time_of(-std::log(rho)), rho); }
  double t_min() const { return t_end; }
  double t_max() const { return t_start; }

 private:
  double angle(double t) const { return (t + s) / (1 + s) * (std::numbers::pi / 2); }
};

}  // namespace noisefall
