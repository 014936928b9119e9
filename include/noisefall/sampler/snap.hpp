// Pulls levels of a trajectory onto the places where a guidance weight jumps.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// Does a weight jump at this level?
inline bool is_on_jump(const noise_level& at, std::span<const double> breakpoints) {
  const double rho = at.rho();
  for (const double s : breakpoints)
    if (std::abs(rho - s) <= 1e-12 * s) return true;
  return false;
}

// Moves, for each breakpoint (sigma / alpha) inside the trajectory, the interior level that is nearest in log sigma.
// Never adds a level. Without it a jump inside a step costs a solver its order.
// Inversions, renoising and compat trajectories stay as they are.
[[gnu::cold]] inline trajectory snap(trajectory path, const any_schedule& schedule,
                                     std::span<const double> breakpoints) {
  if (path.kind() != trajectory_kind::descending || breakpoints.empty()) return path;
  std::vector<leg> legs;
  for (const leg& l : path.legs()) legs.push_back(l);
  for (const double s : breakpoints) {
    std::size_t nearest = 0;
    double distance = std::numeric_limits<double>::infinity();
    bool has_level = false;
    for (std::size_t i = 0; i < legs.size(); ++i) {
      has_level = has_level || is_on_jump(legs[i].from, {&s, 1});
      if (i == 0) continue;
      const double d = std::abs(std::log(legs[i].from.rho() / s));
      const bool stays_between = legs[i - 1].from.rho() > s && legs[i].to.rho() < s;
      if (stays_between && d < distance && !is_on_jump(legs[i].from, breakpoints)) {
        distance = d;
        nearest = i;
      }
    }
    if (nearest == 0 || has_level) continue;
    noise_level at = schedule.at_rho(s);
    at.sigma = s * at.alpha;  // to the last bit, whatever the schedule's time_of() leaves
    legs[nearest - 1].to = legs[nearest].from = at;
    legs[nearest].label = std::numeric_limits<double>::quiet_NaN();
  }
  return trajectory{std::move(legs), path.kind()}.cited(path.reference());
}

}  // namespace noisefall
