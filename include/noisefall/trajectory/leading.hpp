// Indices in equal strides from the clean end of the table.
#pragma once

#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/trajectory/indices.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// i floor(N / n) + steps_offset, i = n - 1 .. 0. Labels are the indices. Does not start at pure noise: for n = 50 of
// 1000 the first index is 980 (arXiv:2305.08891 table 2). end sigma_min is index 0, which steps_offset = 0 visits
// anyway. By the rule of points i floor(N / (n + 1)) + steps_offset, i = n .. 1, for n below N.
struct leading {
  static constexpr std::string_view name = "leading";
  static constexpr std::string_view reference = papers::ddim;

  std::size_t steps = 0;  // legs, 1 to the table's length
  long steps_offset = 0;  // 1 for Stable Diffusion
  index_rule rule = index_rule::labels;
  final_level end = final_level::zero;

  void check() const { require_steps(steps, name); }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    const std::size_t length = table_length(schedule, name);
    const long most = static_cast<long>(length);
    require(steps_offset > -most && steps_offset < most, name, {"steps_offset: ", steps_offset},
            {"below the table's length, ", most});
    if (rule == index_rule::points) require_points(steps, length, name);
    return over_indices(schedule, leading_indices(steps, length, steps_offset, rule), end, name);
  }
};

}  // namespace noisefall
