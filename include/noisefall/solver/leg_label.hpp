// Labels that solvers need to know or to hand on.
#pragma once

#include <cmath>
#include <limits>

#include <noisefall/solver/plan.hpp>

namespace noisefall {

// What a leg's evaluation is labelled with; where the trajectory leaves that open, its time.
inline double label_or_time(const leg& l) { return std::isnan(l.label) ? l.from.t : l.label; }

// The label for an evaluation at the end of this leg: that of the next leg if it starts there, else open.
inline double label_at_end(const step_window& window) {
  const bool follows = window.ahead.size() > 1 && window.ahead[1].from == window.at.to;
  return follows ? window.ahead[1].label : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace noisefall
