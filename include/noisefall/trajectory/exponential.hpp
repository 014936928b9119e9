// Levels even in ln(sigma).
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

// ln(sigma_i) falls evenly from ln(hi) to ln(lo), sigma meaning sigma / alpha (k-diffusion get_sigmas_exponential). A
// schedule that starts at alpha = 0 needs a finite sigma_max.
struct exponential {
  static constexpr std::string_view name = "exponential";
  static constexpr std::string_view reference = papers::k_diffusion;

  std::size_t steps = 0;              // legs, 1 or more
  std::optional<double> sigma_min{};  // sigma / alpha, above 0; empty: the schedule's clean end
  std::optional<double> sigma_max{};  // sigma / alpha, finite; empty: the schedule's noisy end
  final_level end = final_level::zero;

  void check() const { require_steps(steps, name); }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_sigmas(schedule, steps, sigma_min, sigma_max, end, name, exponential_ramp);
  }
};

}  // namespace noisefall
