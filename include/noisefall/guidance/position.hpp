// Where an evaluation stands, and the grid it stands on: what weights are read at.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/noise_level.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// Where an evaluation stands. Weights are read at `at`; where a weight jumps exactly there, the side within the leg
// counts, which sigma(), time() and fraction() take care of. The legs of a solver that chooses its own steps are
// unknown: then from and to are the trajectory's ends, and there is one step.
struct guidance_position {
  noise_level at;        // of the evaluation
  noise_level from, to;  // of the leg
  std::size_t step = 0, steps = 1;

  // sigma / alpha of the evaluation, moved into the leg by one part in 1e9.
  double sigma() const {
    const double s = at.rho(), a = from.rho(), b = to.rho();
    if (s == a) return b < a ? s * (1 - inward) : s * (1 + inward);
    if (s == b) return b < a ? s * (1 + inward) : s * (1 - inward);
    return s;
  }
  // Its time in the schedule's unit, moved into the leg likewise.
  double time() const {
    const double s = at.rho();
    if (s == from.rho()) return at.t + inward * (to.t - from.t);
    if (s == to.rho()) return at.t - inward * (to.t - from.t);
    return at.t;
  }
  // How much of the steps is done, 0 to 1: whole legs, and of this one the part of log sigma (of sigma, in a leg to
  // 0) that lies behind the evaluation.
  double fraction() const { return (static_cast<double>(step) + part_of_leg()) / static_cast<double>(steps); }

 private:
  static constexpr double inward = 1e-9;

  double part_of_leg() const {
    const double s = at.rho(), a = from.rho(), b = to.rho();
    const double part = s == a                    ? 0
                        : s == b                  ? 1
                        : std::isinf(a + b)       ? 0.5
                        : a > 0 && b > 0 && s > 0 ? std::log(a / s) / std::log(a / b)
                                                  : (a - s) / (a - b);
    return std::isnan(part) ? inward : std::clamp(part, inward, 1 - inward);
  }
};

// The grid of a run, by which numbers of other units become values of sigma / alpha. Without a schedule times have
// none, without legs fractions.
struct guidance_grid {
  std::span<const leg> legs{};  // one, for a solver that chooses its own steps
  const any_schedule* schedule = nullptr;
  bool kinks = false;  // ask for these too: who only wants to know which branches a guidance may ever need
};

}  // namespace noisefall
