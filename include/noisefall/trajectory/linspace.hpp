// Indices evenly from the last of the table to the first.
#pragma once

#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/trajectory/indices.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// round(i (N - 1) / (n - 1)), i = n - 1 .. 0, half to even, computed as fractions; one step starts at N - 1. Labels are
// the indices. The last one is 0, so that end must be zero for more than one step; by the rule of points, round(i (N - 1) /
// n), i = n .. 1, it is not.
struct linspace {
  static constexpr std::string_view name = "linspace";
  static constexpr std::string_view reference = papers::improved_ddpm;

  std::size_t steps = 0;  // legs, 1 to the table's length
  index_rule rule = index_rule::labels;
  final_level end = final_level::zero;

  void check() const { require_steps(steps, name); }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    const std::size_t length = table_length(schedule, name);
    if (rule == index_rule::points) require_points(steps, length, name);
    // Laid out as n + 1 points, one step starts at the noisiest index instead of the cleanest.
    const index_rule by = steps == 1 ? index_rule::points : rule;
    return over_indices(schedule, linspace_indices(steps, length, by), end, name);
  }
};

}  // namespace noisefall
