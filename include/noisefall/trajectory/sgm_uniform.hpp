// Levels even in time that stop one stride before the clean end.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// t_i = t_max - i (t_max - t_min) / n, i = 0 .. n - 1, then clean data (ComfyUI's and sd.cpp's "sgm_uniform"): what
// time_uniform lays out for n + 1 levels, without the last one. On a table, t is a real index.
struct sgm_uniform {
  static constexpr std::string_view name = "sgm_uniform";
  static constexpr std::string_view reference = papers::comfy_ui;

  std::size_t steps = 0;  // legs, 1 or more

  void check() const { require_steps(steps, name); }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    const std::vector<double> times = linear_ramp(steps + 1, schedule.t_max(), schedule.t_min());
    std::vector<noise_level> levels;
    for (std::size_t i = 0; i < steps; ++i) levels.push_back(schedule.at(times[i]));
    levels.push_back(clean_level(schedule));
    return trajectory{levels};
  }
};

}  // namespace noisefall
