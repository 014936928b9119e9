// Pulls levels of a trajectory onto the places where a guidance weight jumps.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// Moves, for each breakpoint (sigma / alpha) inside the trajectory, the interior level that is nearest in log sigma.
// Never adds a level. Without it a jump inside a step costs a solver its order.
// Inversions, renoising and compat trajectories stay as they are.
template <NoiseSchedule N>
trajectory snap(trajectory path, const N& schedule, std::span<const double> breakpoints) {
  if (path.kind() != trajectory_kind::descending || breakpoints.empty()) return path;
  std::vector<leg> legs{path.legs().begin(), path.legs().end()};
  std::vector<char> taken(legs.size(), 0);  // levels that lie on a jump already
  for (std::size_t i = 1; i < legs.size(); ++i)
    for (const double s : breakpoints)
      if (std::abs(legs[i].from.rho() - s) <= 1e-12 * s) taken[i] = 1;
  for (const double s : breakpoints) {
    std::size_t nearest = 0;
    double distance = std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i < legs.size(); ++i) {
      const double d = std::abs(std::log(legs[i].from.rho() / s));
      const bool stays_between = legs[i - 1].from.rho() > s && legs[i].to.rho() < s;
      if (!taken[i] && stays_between && d < distance) {
        distance = d;
        nearest = i;
      }
    }
    const bool has_level =
        std::any_of(legs.begin(), legs.end(), [&](const leg& l) { return std::abs(l.from.rho() - s) <= 1e-12 * s; });
    if (nearest == 0 || has_level) continue;
    noise_level at = level_at_rho(schedule, s);
    at.sigma = s * at.alpha;  // to the last bit, whatever the schedule's time_of() leaves
    legs[nearest - 1].to = legs[nearest].from = at;
    legs[nearest].label = std::numeric_limits<double>::quiet_NaN();
    taken[nearest] = 1;
  }
  return {std::move(legs), path.kind()};
}

}  // namespace noisefall
