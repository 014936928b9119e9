// What the spacing rules share: where a trajectory ends, and levels made from sigmas, times or indices.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// How the last leg ends.
//   zero       n noisy levels, then clean data {t, 1, 0}
//   sigma_min  n + 1 noisy levels, the last at the clean end of the range
enum class final_level : std::uint8_t { zero, sigma_min };

inline void require_steps(std::size_t n, std::string_view where) { require(n >= 1, where, "steps: 0", "1 or more"); }

// n legs over the sigmas (= sigma / alpha) that ramp(points, lo, hi) gives, falling from hi to lo. lo and hi default to
// the schedule's ends, which are then met exactly.
template <NoiseSchedule S, class Ramp>
trajectory over_sigmas(const S& schedule, std::size_t n, std::optional<double> lo, std::optional<double> hi,
                       final_level end, std::string_view where, const Ramp& ramp) {
  require_steps(n, where);
  const noise_level top = hi ? level_at_rho(schedule, *hi) : schedule.at(schedule.t_max());
  const noise_level bottom = lo ? level_at_rho(schedule, *lo) : schedule.at(schedule.t_min());
  const std::size_t points = end == final_level::zero ? n : n + 1;
  const double low = lo ? *lo : bottom.rho(), high = hi ? *hi : top.rho();
  require(points == 1 || low < high, where, {"sigma_min: ", low, ", sigma_max: ", high}, "sigma_min below sigma_max");
  const std::vector<double> sigmas = ramp(points, low, high);
  std::vector<noise_level> levels{top};
  for (std::size_t i = 1; i + 1 < points; ++i) levels.push_back(level_at_rho(schedule, sigmas[i]));
  if (points > 1) levels.push_back(bottom);
  if (end == final_level::zero) levels.push_back(clean_level(schedule));
  return trajectory{levels};
}

// Levels for values that fall from 1 to 0 in rules made for flows: a flow's sigma where the schedule begins at pure
// noise; elsewhere shares of the sigma / alpha that it begins with, as ComfyUI lays such rules on other models.
template <NoiseSchedule S>
std::vector<noise_level> levels_from_unit_sigmas(const S& schedule, std::span<const double> values) {
  const noise_level top = schedule.at(schedule.t_max());
  std::vector<noise_level> levels;
  for (const double value : values)
    levels.push_back(value == 0       ? clean_level(schedule)
                     : value == 1     ? top
                     : top.alpha == 0 ? level_at_flow_sigma(schedule, value)
                                      : level_at_rho(schedule, value * top.rho()));
  return levels;
}

// n legs over the times that ramp(points, t_last, t_first) gives; they default to the schedule's t_min() and t_max().
template <NoiseSchedule S, class Ramp>
trajectory over_times(const S& schedule, std::size_t n, std::optional<double> t_last, std::optional<double> t_first,
                      final_level end, std::string_view where, const Ramp& ramp) {
  require_steps(n, where);
  const double last = t_last.value_or(schedule.t_min()), first = t_first.value_or(schedule.t_max());
  const std::size_t points = end == final_level::zero ? n : n + 1;
  require(points == 1 || last < first, where, {"t_last: ", last, ", t_first: ", first}, "t_last below t_first");
  std::vector<double> times = ramp(points, last, first);
  times.front() = first;
  if (points > 1) times.back() = last;
  std::vector<noise_level> levels;
  levels.reserve(times.size() + 1);
  for (const double t : times) levels.push_back(schedule.at(t));
  if (end == final_level::zero) levels.push_back(clean_level(schedule));
  return trajectory{levels};
}

// The length of a discrete schedule's table; throws where there is none.
template <DiscreteSchedule S>
std::size_t table_length(const S& schedule, std::string_view where) {
  const std::size_t length = static_cast<std::size_t>(schedule.steps());
  require(length >= 1, where, "a continuous schedule", "a schedule with a table of levels");
  return length;
}

// n + 1 points on a table, of which one is left out, are different indices for n below its length only.
inline void require_points(std::size_t n, std::size_t length, std::string_view where) {
  require(n < length || n == 1, where, {"steps: ", n}, {"by the rule of points below the table's length, ", length});
}

// Legs from index to index, each labelled with its index; the last one ends as `end` says (sigma_min: at index 0).
template <DiscreteSchedule S>
trajectory over_indices(const S& schedule, std::span<const long> indices, final_level end, std::string_view where) {
  const long length = static_cast<long>(table_length(schedule, where));
  std::vector<leg> legs;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    require(indices[i] >= 0 && indices[i] < length, where, {"index: ", indices[i]}, {"0 to ", length - 1});
    const bool last = i + 1 == indices.size();
    const noise_level to = !last                      ? schedule.at(static_cast<double>(indices[i + 1]))
                           : end == final_level::zero ? clean_level(schedule)
                                                      : schedule.at(0.0);
    const double index = static_cast<double>(indices[i]);
    legs.push_back({schedule.at(index), to, index});
  }
  return trajectory{std::move(legs), trajectory_kind::descending};
}

}  // namespace noisefall
