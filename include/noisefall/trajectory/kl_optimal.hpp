// Levels even in arctan(sigma).
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// tan(arctan(hi) + i/(n-1) (arctan(lo) - arctan(hi))), n >= 1 values; {hi} for n = 1. 0 < lo <= hi, which may be infinite.
inline std::vector<double> kl_optimal_ramp(std::size_t n, double lo, double hi) {
  require(n >= 1, "kl_optimal", "steps: 0", "1 or more");
  require(lo > 0 && std::isfinite(lo) && hi >= lo, "kl_optimal", {"sigma_min: ", lo, ", sigma_max: ", hi},
          "0 < sigma_min <= sigma_max");
  std::vector<double> ramp = linear_ramp(n, std::atan(hi), std::atan(lo));
  for (double& r : ramp) r = std::tan(r);
  ramp.front() = hi;
  return ramp;
}

// sigma_i = tan(arctan(hi) + i/(n-1) (arctan(lo) - arctan(hi))), sigma meaning sigma / alpha: what minimises the bound on
// the Kullback-Leibler divergence for data of variance 1, arXiv:2404.14507 theorem 3.1. One step: hi to the end. May
// start at alpha = 0, where arctan(hi) is pi / 2.
struct kl_optimal {
  static constexpr std::string_view name = "kl_optimal";
  static constexpr std::string_view reference = papers::align_your_steps;

  std::size_t steps = 0;              // legs, 1 or more
  std::optional<double> sigma_min{};  // sigma / alpha, above 0; empty: the schedule's clean end
  std::optional<double> sigma_max{};  // sigma / alpha, finite; empty: the schedule's noisy end
  final_level end = final_level::zero;

  void check() const { require_steps(steps, name); }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_sigmas(schedule, steps, sigma_min, sigma_max, end, name, kl_optimal_ramp);
  }
};

}  // namespace noisefall
