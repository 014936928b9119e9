// Indices in equal strides from the noisy end, rounded towards it (ComfyUI's "simple").
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

// N - 1 - floor(i N / n), i = 0 .. n - 1: n falling indices for every n up to N, the noisiest first.
inline std::vector<long> simple_indices(std::size_t n, std::size_t length) {
  require_steps(n, length, "simple");
  const long count = static_cast<long>(n), table = static_cast<long>(length);
  std::vector<long> indices;
  for (long i = 0; i < count; ++i) indices.push_back(table - 1 - i * table / count);
  return indices;
}

// N - 1 - floor(i N / n), i = 0 .. n - 1, computed in integers. Labels are the indices. Differs from trailing only where
// N is no multiple of n.
struct simple {
  static constexpr std::string_view name = "simple";
  static constexpr std::string_view reference = papers::comfy_ui;

  std::size_t steps = 0;  // legs, 1 to the table's length
  final_level end = final_level::zero;

  void check() const { require_steps(steps, name); }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_indices(schedule, simple_indices(steps, table_length(schedule, name)), end, name);
  }
};

}  // namespace noisefall
