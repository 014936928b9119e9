// Levels even in lambda, from end to end of the schedule.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// lambda_i rises evenly from that of sigma_max to that of sigma_min, n + 1 levels (DPM-Solver's logSNR). As
// exponential, but by default it ends at sigma_min.
struct uniform_lambda {
  static constexpr std::string_view name = "uniform_lambda";
  static constexpr std::string_view reference = papers::dpm_solver;

  std::size_t steps = 0;              // legs, 1 or more
  std::optional<double> sigma_min{};  // sigma / alpha, above 0; empty: the schedule's clean end
  std::optional<double> sigma_max{};  // sigma / alpha, finite; empty: the schedule's noisy end
  final_level end = final_level::sigma_min;

  void check() const { require_steps(steps, name); }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_sigmas(schedule, steps, sigma_min, sigma_max, end, name, exponential_ramp);
  }
};

}  // namespace noisefall
