// Levels along a power in ln(sigma).
#pragma once

#include <cmath>
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

// ln(sigma) = r^rho ln(hi / lo) + ln(lo), r from 1 to 0, sigma meaning sigma / alpha (k-diffusion
// get_sigmas_polyexponential). rho > 1 puts more levels near the clean end. Needs a finite sigma_max.
struct polyexponential {
  static constexpr std::string_view name = "polyexponential";
  static constexpr std::string_view reference = papers::k_diffusion;

  std::size_t steps = 0;              // legs, 1 or more
  double rho = 1;                     // above 0
  std::optional<double> sigma_min{};  // sigma / alpha, above 0; empty: the schedule's clean end
  std::optional<double> sigma_max{};  // sigma / alpha, finite; empty: the schedule's noisy end
  final_level end = final_level::zero;

  void check() const {
    require_steps(steps, name);
    require(rho > 0 && std::isfinite(rho), name, {"rho: ", rho}, "above 0");
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_sigmas(schedule, steps, sigma_min, sigma_max, end, name,
                       [this](std::size_t n, double lo, double hi) { return polyexponential_ramp(n, lo, hi, rho); });
  }
};

}  // namespace noisefall
