// Every so many-th index, counted from the second (ComfyUI's "ddim_uniform").
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/trajectory/indices.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// 1, 1 + k, 1 + 2 k, ... below N with k = max(floor(N / n), 1), noisiest first: ceil((N - 1) / k) of them, which is not
// always n.
inline std::vector<long> ddim_uniform_indices(std::size_t n, std::size_t length) {
  require_steps(n, length, "ddim_uniform");
  const long table = static_cast<long>(length), stride = table / static_cast<long>(n);
  std::vector<long> indices;
  for (long i = (table - 2) / stride; table > 1 && i >= 0; --i) indices.push_back(1 + i * stride);
  return indices;
}

// Indices 1 + i k, k = floor(N / n), as far as the table goes: ceil((N - 1) / k) legs, for N = 1000 the n that were
// asked for at 20, 25 or 50, but 31 for 30 and 999 above 500. Exactly n legs of the same stride has leading with
// steps_offset 1. Labels are the indices. Needs a table of two or more.
struct ddim_uniform {
  static constexpr std::string_view name = "ddim_uniform";
  static constexpr std::string_view reference = papers::comfy_ui;

  std::size_t steps = 0;  // asked for, 1 to the table's length
  final_level end = final_level::zero;

  void check() const { require_steps(steps, name); }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    const std::size_t length = table_length(schedule, name);
    require(length >= 2, name, {"a table of ", length}, "a schedule with a table of two levels or more");
    return over_indices(schedule, ddim_uniform_indices(steps, length), end, name);
  }
};

}  // namespace noisefall
