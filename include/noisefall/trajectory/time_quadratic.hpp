// Levels even in the square root of the schedule's time.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// t_i = (linear from sqrt(t_first) to sqrt(t_last))^2, n + 1 levels unless end is zero (DPM-Solver's time_quadratic).
// Times are 0 or more.
struct time_quadratic {
  static constexpr std::string_view name = "time_quadratic";
  static constexpr std::string_view reference = papers::dpm_solver;

  std::size_t steps = 0;            // legs, 1 or more
  std::optional<double> t_first{};  // where it starts; empty: the schedule's t_max()
  std::optional<double> t_last{};   // the last noisy level; empty: the schedule's t_min()
  final_level end = final_level::sigma_min;

  void check() const {
    require_steps(steps, name);
    for (const auto& [field, t] : {std::pair{"t_first: ", t_first}, std::pair{"t_last: ", t_last}})
      require(!t || *t >= 0, name, {field, t.value_or(0)}, "0 or more");
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_times(schedule, steps, t_last, t_first, end, name, [](std::size_t n, double last, double first) {
      std::vector<double> times = linear_ramp(n, std::sqrt(first), std::sqrt(last));
      for (double& t : times) t *= t;
      return times;
    });
  }
};

}  // namespace noisefall
