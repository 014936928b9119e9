// Levels at the quantiles of a Laplace distribution of ln(sigma).
#pragma once

#include <algorithm>
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

// ln(sigma) = mean - spread sgn(1/2 - u) ln(1 - 2 |1/2 - u| + 1e-5), u = i/(n-1), kept inside [ln(lo), ln(hi)]; {hi} for
// n = 1.
inline std::vector<double> laplace_ramp(std::size_t n, double lo, double hi, double mean = 0, double spread = 0.5) {
  require_ends(n, lo, hi, "laplace_sigmas");
  if (n == 1) return {hi};
  std::vector<double> ramp = linear_ramp(n, 0, 1);
  for (double& u : ramp) {
    const double off = 0.5 - u;
    const double log_sigma = mean - spread * std::copysign(1.0, off) * std::log(1 - 2 * std::abs(off) + 1e-5);
    u = std::clamp(off == 0 ? std::exp(mean) : std::exp(log_sigma), lo, hi);
  }
  return ramp;
}

// ln(sigma_i) = mean - spread sgn(1/2 - u) ln(1 - 2 |1/2 - u| + 1e-5), u = i/(n-1), kept inside [lo, hi], sigma meaning
// sigma / alpha: dense around e^mean (ComfyUI's "laplace"). The first is hi and the last lo, which u = 0 and 1 reach for
// every hi below 300 e^mean at spread 1/2. Where the steps are so many that hi or lo would be visited twice (from about
// 400), they are refused. One step: hi to the end.
struct laplace_sigmas {
  static constexpr std::string_view name = "laplace_sigmas";
  static constexpr std::string_view reference = papers::improved_noise_schedule;

  std::size_t steps = 0;              // legs, 1 or more
  double mean = 0;                    // of ln(sigma), finite
  double spread = 0.5;                // above 0
  std::optional<double> sigma_min{};  // sigma / alpha, above 0; empty: the schedule's clean end
  std::optional<double> sigma_max{};  // sigma / alpha, finite; empty: the schedule's noisy end
  final_level end = final_level::zero;

  void check() const {
    require_steps(steps, name);
    require(std::isfinite(mean), name, {"mean: ", mean}, "finite");
    require(spread > 0 && std::isfinite(spread), name, {"spread: ", spread}, "above 0");
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_sigmas(schedule, steps, sigma_min, sigma_max, end, name,
                       [this](std::size_t n, double lo, double hi) { return laplace_ramp(n, lo, hi, mean, spread); });
  }
};

}  // namespace noisefall
