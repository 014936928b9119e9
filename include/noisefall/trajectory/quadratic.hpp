// Indices along a square, dense at the clean end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/trajectory/indices.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// floor(0.8 N (i / (n - 1))^2), i = n - 1 .. 0, appendix D.3; an index that this rule repeats is moved up by as much as
// needed, so that n steps stay n steps. One step starts at floor(0.8 N). Labels are the indices.
struct quadratic {
  static constexpr std::string_view name = "quadratic";
  static constexpr std::string_view reference = papers::ddim;

  std::size_t steps = 0;  // legs, 1 to the table's length
  final_level end = final_level::zero;

  void check() const { require_steps(steps, name); }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    const std::size_t length = table_length(schedule, name);
    std::vector<long> indices = quadratic_indices(steps, length);
    if (steps == 1) indices[0] = 4 * static_cast<long>(length) / 5;
    for (std::size_t i = steps - 1; i > 0; --i) indices[i - 1] = std::max(indices[i - 1], indices[i] + 1);
    return over_indices(schedule, indices, end, name);
  }
};

}  // namespace noisefall
