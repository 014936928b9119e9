// A flow's levels: even at first, then ever further apart (Mochi).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// 1 - sigma rises evenly to `threshold` in the first l steps, then along the parabola that goes on with the same slope
// and reaches 1 after n steps: with p = threshold / l, i p for i <= l, and for k = i - l > 0
//
//   threshold + k p + (k / (n - l))^2 (1 - threshold - (n - l) p)
//
// sigma is a flow's where the schedule begins at pure noise, elsewhere a share of its highest sigma / alpha. Ends in clean
// data. One step has no even part.
struct linear_quadratic {
  static constexpr std::string_view name = "linear_quadratic";
  static constexpr std::string_view reference = papers::mochi;

  std::size_t steps = 0;         // legs, 1 or more
  double threshold = 0.025;      // in (0, 1)
  std::size_t linear_steps = 0;  // l, below steps; 0: floor(steps / 2)

  void check() const {
    require_steps(steps, name);
    require(threshold > 0 && threshold < 1, name, {"threshold: ", threshold}, "inside (0, 1)");
    require(linear_steps < steps, name, {"linear_steps: ", linear_steps}, {"below steps, ", steps});
  }

  // The n + 1 sigmas, from 1 to 0.
  std::vector<double> sigmas() const {
    check();
    const std::size_t even = linear_steps > 0 ? linear_steps : steps / 2;
    const double left = static_cast<double>(steps - even), slope = even > 0 ? threshold / static_cast<double>(even) : 0,
                 reached = even > 0 ? threshold : 0, bend = 1 - reached - left * slope;
    std::vector<double> values;
    for (std::size_t i = 0; i < steps; ++i) {
      const double k = static_cast<double>(i) - static_cast<double>(even), part = k / left;
      values.push_back(1 - (i <= even ? static_cast<double>(i) * slope : reached + k * slope + part * part * bend));
    }
    values.push_back(0);
    return values;
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    return trajectory{levels_from_unit_sigmas(schedule, sigmas())};
  }
};

}  // namespace noisefall
