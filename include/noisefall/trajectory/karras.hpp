// The spacing of EDM: a power of sigma falls evenly.
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

// sigma_i = (hi^(1/rho) + i/(n-1) (lo^(1/rho) - hi^(1/rho)))^rho, eq. 5, sigma meaning sigma / alpha. One step: hi to
// the end. A schedule that starts at alpha = 0 needs a finite sigma_max.
struct karras {
  static constexpr std::string_view name = "karras";
  static constexpr std::string_view reference = papers::edm;

  std::size_t steps = 0;              // legs, 1 or more
  double rho = 7;                     // above 0
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
                       [this](std::size_t n, double lo, double hi) { return karras_ramp(n, lo, hi, rho); });
  }
};

}  // namespace noisefall
