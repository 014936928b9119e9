// The levels that GITS found for Stable Diffusion, by geometry-inspired time scheduling.
#pragma once

#include <cmath>
#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/gits_table.hpp>
#include <noisefall/trajectory/lists.hpp>
#include <noisefall/trajectory/log_interpolated.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// The levels published for 2 to 20 steps and a coefficient, which leans towards the noisy end below 1 and to the clean
// end above; laid as shares of the schedule's time, which on scaled_linear are the published sigmas. For other numbers
// of steps, and the four that were never published, the coefficient's longest row by linear interpolation of ln(sigma):
// these need a schedule of finite noise. With end zero, clean data takes the place of the last level, as published.
struct gits {
  static constexpr std::string_view name = "gits";
  static constexpr std::string_view reference = papers::geometric_trajectory;

  std::size_t steps = 10;    // legs, 1 or more
  double coefficient = 1.2;  // 0.8 to 1.5 in steps of 0.05
  final_level end = final_level::zero;

  void check() const {
    require_steps(steps, name);
    const double position = 20 * coefficient;
    require(coefficient > 0.79 && coefficient < 1.51 && std::abs(position - std::round(position)) < 1e-9, name,
            {"coefficient: ", coefficient}, "0.8 to 1.5 in steps of 0.05");
  }

  // The shares of the time in hundredths, from 100 to 0, as published for so many steps, else the longest such row.
  std::vector<int> shares() const {
    check();
    const long wanted = std::lrint(20 * coefficient) - 16;
    long block = -1;
    std::vector<int> row{100}, found;
    for (const unsigned char share : gits_rows) {
      row.push_back(share);
      if (share != 0) continue;
      if (row.size() == 3) ++block;
      if (block == wanted && found.size() != steps + 1) found = row;
      row = {100};
    }
    return found;
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    std::vector<noise_level> levels;
    for (const int share : shares())
      levels.push_back(schedule.at(schedule.t_min() + (schedule.t_max() - schedule.t_min()) * (share / 100.0)));
    if (levels.size() != steps + 1) {
      require(std::isfinite(levels.front().rho()), name, {"steps: ", steps},
              "steps with a published row, on a schedule that starts at infinite noise");
      std::vector<double> sigmas;
      sigmas.reserve(levels.size());
      for (const noise_level& l : levels) sigmas.push_back(l.rho());
      levels = levels_from_sigmas(schedule, log_interpolated(sigmas, steps + 1));
    }
    levels.front() = schedule.at(schedule.t_max());
    if (end == final_level::zero) levels.back() = clean_level(schedule);
    return trajectory{levels};
  }
};

}  // namespace noisefall
