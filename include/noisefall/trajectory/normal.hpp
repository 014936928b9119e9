// Levels even in time from end to end of the schedule, then clean data (ComfyUI's "normal").
#pragma once

#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// t_i = t_max - i (t_max - t_min) / (n - 1), i = 0 .. n - 1, then clean data: time_uniform with an end of zero. On a
// table these are the real, unrounded indices that diffusers' k-style classes feed for "linspace". One step starts at
// t_max.
struct normal {
  static constexpr std::string_view name = "normal";
  static constexpr std::string_view reference = papers::k_diffusion;

  std::size_t steps = 0;  // legs, 1 or more

  void check() const { require_steps(steps, name); }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_times(schedule, steps, {}, {}, final_level::zero, name,
                      [](std::size_t n, double last, double first) { return linear_ramp(n, first, last); });
  }
};

}  // namespace noisefall
