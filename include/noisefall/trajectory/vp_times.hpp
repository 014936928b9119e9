// Levels even in the time of a variance-preserving process.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// sigma = sqrt(e^(beta_d t^2 / 2 + beta_min t) - 1), t evenly from 1 to t_last, sigma meaning sigma / alpha
// (k-diffusion get_sigmas_vp), laid on any schedule.
struct vp_times {
  static constexpr std::string_view name = "vp_times";
  static constexpr std::string_view reference = papers::edm;

  std::size_t steps = 0;  // legs, 1 or more
  double beta_d = 19.9;   // above 0
  double beta_min = 0.1;  // 0 or more
  double t_last = 1e-3;   // in (0, 1)
  final_level end = final_level::zero;

  void check() const {
    require_steps(steps, name);
    require(beta_d > 0 && beta_min >= 0, name, {"beta_d: ", beta_d, ", beta_min: ", beta_min},
            "beta_d > 0, beta_min >= 0");
    require(t_last > 0 && t_last < 1, name, {"t_last: ", t_last}, "inside (0, 1)");
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    const std::vector<double> sigmas = vp_ramp(end == final_level::zero ? steps : steps + 1, beta_d, beta_min, t_last);
    std::vector<noise_level> levels;
    levels.reserve(sigmas.size() + 1);
    for (const double sigma : sigmas) levels.push_back(level_at_rho(schedule, sigma));
    if (end == final_level::zero) levels.push_back(clean_level(schedule));
    return trajectory{levels};
  }
};

}  // namespace noisefall
