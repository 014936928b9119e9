// Indices in equal strides from the noisy end of the table.
#pragma once

#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/trajectory/indices.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// round(N - i N / n) - 1, i = 0 .. n - 1, half to even, computed as fractions: exactly n indices, N - 1 first, all 0 or
// more. Labels are the indices.
struct trailing {
  static constexpr std::string_view name = "trailing";
  static constexpr std::string_view reference = papers::zero_terminal_snr;

  std::size_t steps = 0;  // legs, 1 to the table's length
  final_level end = final_level::zero;

  void check() const { require_steps(steps, name); }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    const std::size_t length = table_length(schedule, name);
    return over_indices(schedule, trailing_indices(steps, length), end, name);
  }
};

}  // namespace noisefall
