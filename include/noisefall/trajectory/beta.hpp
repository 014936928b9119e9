// Levels at the quantiles of a beta distribution.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// sigma_i = lo + (hi - lo) q(1 - i/(n-1)), q the quantile of the beta(a, b) distribution, sigma meaning sigma / alpha:
// dense at both ends for a, b < 1. Needs a finite sigma_max.
struct beta {
  static constexpr std::string_view name = "beta";
  static constexpr std::string_view reference = papers::beta_sampling;

  std::size_t steps = 0;              // legs, 1 or more
  double a = 0.6;                     // in (0, 50]
  double b = 0.6;                     // in (0, 50]
  std::optional<double> sigma_min{};  // sigma / alpha, above 0; empty: the schedule's clean end
  std::optional<double> sigma_max{};  // sigma / alpha, finite; empty: the schedule's noisy end
  final_level end = final_level::zero;

  void check() const {
    require_steps(steps, name);
    require(a > 0 && a <= 50 && b > 0 && b <= 50, name, {"a: ", a, ", b: ", b}, "above 0, up to 50");
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_sigmas(schedule, steps, sigma_min, sigma_max, end, name,
                       [this](std::size_t n, double lo, double hi) { return beta_ramp(n, lo, hi, a, b); });
  }
};

}  // namespace noisefall
