// Pulls levels of a trajectory onto the places where a guidance weight jumps.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// Moves, for each breakpoint (sigma / alpha) inside the trajectory, the interior level that is nearest in log sigma.
// Never adds a level. Without it a jump inside a step costs a solver its order.
// Inversions, renoising and compat trajectories stay as they are.
template <NoiseSchedule N>
trajectory snap(trajectory path, const N& schedule, std::span<const double> breakpoints) {
  if (path.kind() != trajectory_kind::descending || breakpoints.empty()) return path;
  std::vector<leg> legs{path.legs().begin(), path.legs().end()};
  for (const double s : breakpoints) {
    if (!(s < legs.front().from.rho() && s > legs.back().to.rho())) continue;
    std::size_t nearest = 0;
    double distance = std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i < legs.size(); ++i) {
      const double d = std::abs(std::log(legs[i].from.rho() / s));
      if (d < distance) {
        distance = d;
        nearest = i;
      }
    }
    const bool stays_between = nearest > 0 && legs[nearest - 1].from.rho() > s && legs[nearest].to.rho() < s;
    if (!stays_between || distance == 0) continue;
    const noise_level at = schedule.at(schedule.time_of(-std::log(s)));
    legs[nearest - 1].to = at;
    legs[nearest].from = at;
    legs[nearest].label = std::numeric_limits<double>::quiet_NaN();
  }
  return {std::move(legs), path.kind()};
}

}  // namespace noisefall
