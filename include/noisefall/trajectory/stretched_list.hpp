// Levels that a search found for one number of steps, stretched to another.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/lists.hpp>
#include <noisefall/trajectory/log_interpolated.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// n + 1 levels from the given ones (sigma / alpha, falling, above 0) by linear interpolation of ln(sigma); as many as
// there are come back as they are. With end zero, clean data takes the place of the last one, as those who publish such
// lists do: Align Your Steps (ays is its lists), GITS (Chen et al. 2024), whose tables are not distributed with noisefall,
// or your own search.
struct stretched_list {
  static constexpr std::string_view name = "stretched_list";
  static constexpr std::string_view reference = papers::geometric_trajectory;

  std::size_t steps = 10;        // legs, 1 or more
  std::vector<double> sigmas{};  // 2 or more
  final_level end = final_level::zero;

  void check() const {
    require_steps(steps, name);
    require(sigmas.size() >= 2, name, {"sigmas: ", sigmas.size()}, "two or more");
    for (std::size_t i = 0; i < sigmas.size(); ++i)
      require(sigmas[i] > 0 && (i == 0 || sigmas[i] < sigmas[i - 1]), {name, ": sigmas[", i, "]"}, {sigmas[i]},
              "above 0, below the one before");
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    std::vector<double> levels = log_interpolated(sigmas, steps + 1);
    if (end == final_level::zero) levels.back() = 0;
    return trajectory{levels_from_sigmas(schedule, levels)};
  }
};

}  // namespace noisefall
