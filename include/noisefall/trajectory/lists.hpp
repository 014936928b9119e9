// Explicit lists of sigmas or times that a user, a paper or a search has chosen.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// Levels at given sigmas (= sigma / alpha, 0 or more, infinity where alpha is to be 0), in the order given.
template <NoiseSchedule S>
std::vector<noise_level> levels_from_sigmas(const S& schedule, std::span<const double> sigmas) {
  std::vector<noise_level> levels;
  for (const double sigma : sigmas) {
    require(sigma >= 0, {"levels_from_sigmas: [", levels.size(), "]"}, {sigma}, "0 or more");
    levels.push_back(sigma == 0 ? clean_level(schedule) : level_at_rho(schedule, sigma));
  }
  return levels;
}

// Levels at given flow sigmas in [0, 1] (alpha = 1 - sigma), in the order given.
template <NoiseSchedule S>
std::vector<noise_level> levels_from_flow_sigmas(const S& schedule, std::span<const double> sigmas) {
  std::vector<noise_level> levels;
  for (const double sigma : sigmas) levels.push_back(level_at_flow_sigma(schedule, sigma));
  return levels;
}

// A trajectory through listed sigmas (= sigma / alpha), noisiest first; the last is the end of the run, usually 0.
// Align Your Steps (arXiv:2404.14507) and GITS (arXiv:2405.11326) publish such lists.
struct sigma_list {
  static constexpr std::string_view name = "sigma_list";

  std::vector<double> sigmas{};  // two or more, falling strictly

  void check() const { require(sigmas.size() >= 2, name, {sigmas.size(), " sigmas"}, "two or more"); }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return trajectory{levels_from_sigmas(schedule, sigmas)};
  }
};

// A trajectory through listed sigmas of a flow (alpha = 1 - sigma), noisiest first, as image and video models publish
// them; the last is the end of the run, usually 0. On a schedule that is no flow, levels of the same signal-to-noise
// ratio.
struct flow_sigma_list {
  static constexpr std::string_view name = "flow_sigma_list";

  std::vector<double> sigmas{};  // two or more in [0, 1], falling strictly

  void check() const { require(sigmas.size() >= 2, name, {sigmas.size(), " sigmas"}, "two or more"); }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return trajectory{levels_from_flow_sigmas(schedule, sigmas)};
  }
};

// A trajectory through listed times of the schedule (indices for a discrete one), noisiest first, each also the label
// of its leg; the last leg ends as `end` says.
struct time_list {
  static constexpr std::string_view name = "time_list";

  std::vector<double> times{};  // one or more, inside the schedule's range
  final_level end = final_level::zero;

  void check() const { require(!times.empty(), name, "no times", "one or more"); }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    std::vector<leg> legs;
    for (std::size_t i = 0; i < times.size(); ++i) {
      require(times[i] >= schedule.t_min() && times[i] <= schedule.t_max(), name, {"time: ", times[i]},
              {schedule.t_min(), " to ", schedule.t_max()});
      const noise_level to = i + 1 < times.size()       ? schedule.at(times[i + 1])
                             : end == final_level::zero ? clean_level(schedule)
                                                        : schedule.at(schedule.t_min());
      legs.push_back({schedule.at(times[i]), to, times[i]});
    }
    return trajectory{std::move(legs), trajectory_kind::descending};
  }
};

}  // namespace noisefall
