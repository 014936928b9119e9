// The indices that a latent consistency model was distilled on, some of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/trajectory/indices.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// k j - 1 for j = 1 .. origin_steps with k = floor(N / origin_steps) are the indices of the distillation; of the upper
// part of them that `strength` leaves, m = floor(origin_steps strength), the n at positions floor(i m / n) from the
// noisiest, i = 0 .. n - 1, arXiv:2310.04378 section 4.3 (skipping-step). Labels are the indices.
struct consistency_grid {
  static constexpr std::string_view name = "consistency_grid";
  static constexpr std::string_view reference = papers::latent_consistency;

  std::size_t steps = 0;          // legs, 1 to m
  std::size_t origin_steps = 50;  // 1 to the table's length
  double strength = 1;            // in (0, 1]
  final_level end = final_level::zero;

  void check() const {
    require_steps(steps, name);
    require(origin_steps >= 1, name, "origin_steps: 0", "1 or more");
    require(strength > 0 && strength <= 1, name, {"strength: ", strength}, "above 0, up to 1");
  }

  // The indices of a table of that length, noisiest first.
  std::vector<long> indices(std::size_t length) const {
    check();
    require(origin_steps <= length, name, {"origin_steps: ", origin_steps}, {"1 to ", length});
    const std::size_t stride = length / origin_steps,
                      left = static_cast<std::size_t>(static_cast<double>(origin_steps) * strength + 1e-9);
    require(steps <= left, name, {"steps: ", steps}, {"1 to ", left, ", what strength leaves of origin_steps"});
    std::vector<long> found;
    for (std::size_t i = 0; i < steps; ++i) found.push_back(static_cast<long>(stride * (left - i * left / steps)) - 1);
    return found;
  }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_indices(schedule, indices(table_length(schedule, name)), end, name);
  }
};

}  // namespace noisefall
