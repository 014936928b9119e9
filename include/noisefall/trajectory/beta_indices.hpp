// Indices at the quantiles of a beta distribution (ComfyUI's "beta").
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/trajectory/beta_quantile.hpp>
#include <noisefall/trajectory/indices.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// Falling indices of a table, some of which may repeat, moved apart: up by as much as needed from the clean end, then
// down where that passed the table's last. As many indices as the table has, or fewer.
inline void spread_indices(std::vector<long>& indices, std::size_t length) {
  const std::size_t n = indices.size();
  for (std::size_t i = n; i-- > 1;) indices[i - 1] = std::max(indices[i - 1], indices[i] + 1);
  for (std::size_t i = 0; i < n; ++i) indices[i] = std::min(indices[i], static_cast<long>(length - 1 - i));
}

// What becomes of indices that a rule rounds to the same one.
//   spread  they are moved apart by as much as needed: n steps stay n steps
//   once    they are visited once, as ComfyUI does: fewer steps
enum class repeated_indices : std::uint8_t { spread, once };

// round(q(1 - i / n) (N - 1)), i = 0 .. n - 1, half to even, q the quantile of the beta(a, b) distribution: dense at
// both ends for a, b < 1. Labels are the indices. a = b = 0.6 is ComfyUI's "beta", a = 0.5, b = 0.7 RES4LYF's "beta57".
// Rounding repeats indices from about n = 140 of 1000 on. On sigmas instead of indices: beta.
struct beta_indices {
  static constexpr std::string_view name = "beta_indices";
  static constexpr std::string_view reference = papers::beta_sampling;

  std::size_t steps = 0;  // legs, 1 to the table's length
  double a = 0.6;         // in (0, 50]
  double b = 0.6;         // in (0, 50]
  repeated_indices repeats = repeated_indices::spread;
  final_level end = final_level::zero;

  void check() const {
    require_steps(steps, name);
    require(a > 0 && a <= 50 && b > 0 && b <= 50, name, {"a: ", a, ", b: ", b}, "above 0, up to 50");
  }

  // The indices of a table of that length, noisiest first.
  std::vector<long> indices(std::size_t length) const {
    check();
    require_steps(steps, length, name);
    const double n = static_cast<double>(steps), last = static_cast<double>(length) - 1;
    std::vector<long> found;
    for (std::size_t left = steps; left > 0; --left) {
      const long index = std::lrint(beta_quantile(static_cast<double>(left) / n, a, b) * last);
      if (repeats == repeated_indices::spread || found.empty() || found.back() != index) found.push_back(index);
    }
    if (repeats == repeated_indices::spread) spread_indices(found, length);
    return found;
  }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_indices(schedule, indices(table_length(schedule, name)), end, name);
  }
};

}  // namespace noisefall
