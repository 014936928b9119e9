// A trajectory walked from data to noise.
#pragma once

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// The legs of a descending trajectory reversed: every leg rises. A leg's label is the one that its new start had as the
// start of a leg; the first leg, which starts where the trajectory ended, has none and the parameterisation decides.
// Inverting with DDIM is arXiv:2105.05233 appendix F.
inline trajectory inversion(const trajectory& descending) {
  require(descending.kind() == trajectory_kind::descending, "inversion", "a trajectory of another kind",
          "a descending one");
  std::vector<leg> legs;
  for (std::size_t i = descending.steps(); i-- > 0;) {
    const double label =
        i + 1 < descending.steps() ? descending[i + 1].label : std::numeric_limits<double>::quiet_NaN();
    legs.push_back({descending[i].to, descending[i].from, label});
  }
  return {std::move(legs), trajectory_kind::inversion};
}

}  // namespace noisefall
