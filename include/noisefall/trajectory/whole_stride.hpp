// Indices in the whole stride that gives exactly so many (guided-diffusion's "ddimN").
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

// 0, k, 2 k, ... with the smallest k of which the table holds exactly n multiples, noisiest first. Throws where there is
// no such k.
inline std::vector<long> whole_stride_indices(std::size_t n, std::size_t length) {
  require_steps(n, length, "whole_stride");
  const std::size_t stride = (length + n - 1) / n;  // the smallest with n multiples or fewer
  require((length + stride - 1) / stride == n, "whole_stride", {"steps: ", n},
          {"as many as a whole stride has in a table of ", length});
  std::vector<long> indices;
  for (std::size_t i = n; i-- > 0;) indices.push_back(static_cast<long>(i * stride));
  return indices;
}

// i k, i = n - 1 .. 0, with the smallest whole k for which the table of N has exactly n of them: ceil(N / n), or none,
// which is refused. leading takes floor(N / n). Labels are the indices, the last one 0: end must be zero for more than
// one step.
struct whole_stride {
  static constexpr std::string_view name = "whole_stride";
  static constexpr std::string_view reference = papers::guided_diffusion;

  std::size_t steps = 0;  // legs, 1 to the table's length
  final_level end = final_level::zero;

  void check() const { require_steps(steps, name); }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_indices(schedule, whole_stride_indices(steps, table_length(schedule, name)), end, name);
  }
};

}  // namespace noisefall
