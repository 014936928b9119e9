// Labels that solvers need to know or to hand on.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

#include <noisefall/solver/plan.hpp>

namespace noisefall {

// What a leg's evaluation is labelled with; where the trajectory leaves that open, its time.
inline double label_or_time(const leg& l) { return std::isnan(l.label) ? l.from.t : l.label; }

// The label for an evaluation at a level: that of the leg which comes `later` from now if it starts there, else open.
inline double label_at_start(const step_window& window, std::size_t later, const noise_level& at) {
  const bool follows = window.ahead.size() > later && window.ahead[later].from == at;
  return follows ? window.ahead[later].label : std::numeric_limits<double>::quiet_NaN();
}

// The same at the end of this leg.
inline double label_at_end(const step_window& window) { return label_at_start(window, 1, window.at.to); }

}  // namespace noisefall
