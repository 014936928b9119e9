// An explicit list of levels, with labels if they are given.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// A trajectory through the levels {alphas[i], sigmas[i]}, x = alpha x0 + sigma eps, noisiest first; the last is the end
// of the run. They need not lie on the schedule, which only gives each its time: that of the same alpha / sigma. With
// labels, one per leg, the network is fed those. In C++ trajectory{levels} does the same without a schedule.
struct level_list {
  static constexpr std::string_view name = "level_list";

  std::vector<double> alphas{};  // two or more, 0 or more each
  std::vector<double> sigmas{};  // as many, 0 or more each, not 0 where alpha is
  std::vector<double> labels{};  // none, or one fewer than levels

  void check() const {
    require(alphas.size() >= 2 && sigmas.size() == alphas.size(), name,
            {alphas.size(), " alphas, ", sigmas.size(), " sigmas"}, "two or more, as many of each");
    require(labels.empty() || labels.size() + 1 == alphas.size(), name,
            {labels.size(), " labels for ", alphas.size(), " levels"}, "none, or one per leg");
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    std::vector<noise_level> levels;
    for (std::size_t i = 0; i < alphas.size(); ++i) {
      noise_level level{0, alphas[i], sigmas[i]};
      level.t = level.sigma == 0 ? clean_level(schedule).t : schedule.time_of(level.lambda());
      levels.push_back(level);
    }
    if (labels.empty()) return trajectory{levels};
    std::vector<leg> legs;
    for (std::size_t i = 0; i < labels.size(); ++i) legs.push_back({levels[i], levels[i + 1], labels[i]});
    return {std::move(legs), trajectory_kind::descending};
  }
};

}  // namespace noisefall
