// MiniMaxH3Scheduler.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/solver/euler.hpp>
#include <noisefall/trajectory/ramps.hpp>

namespace noisefall::diffusers {

// Euler over a flow's sigmas, num_inference_steps of them evenly from 1 to 0, shifted: one step fewer. The network is
// fed t = 1 - sigma and predicts the velocity towards the data. Sigmas that are given are neither shifted nor completed.
struct minimax_h3_class {
  static constexpr std::string_view class_name = "MiniMaxH3Scheduler";

  double shift = 12;

  explicit minimax_h3_class(const fields& f) { shift = f.number("shift", shift, positive); }

  sigma_grid grid(const diffusers_arguments& a) const {
    sigma_grid g;
    if (a.sigmas) {
      g.sigmas = *a.sigmas;
      bool falls = g.sigmas.size() >= 2 && g.sigmas.back() == 0 && g.sigmas.front() <= 1;
      for (std::size_t i = 1; i < g.sigmas.size(); ++i) falls = falls && g.sigmas[i] < g.sigmas[i - 1];
      require(falls, class_name, "sigmas", "two or more, from 1 or less strictly down to 0");
    } else {
      const std::size_t n = a.steps(class_name, 1000000);
      require(n >= 2, class_name, "num_inference_steps: 1", "2 or more, the end counted");
      g.sigmas = linear_ramp(n, 1, 0);
      for (double& s : g.sigmas) s = s == 0 ? 0 : time_shift(shift, s);
    }
    for (std::size_t i = 0; i + 1 < g.sigmas.size(); ++i) g.labels.push_back(1 - g.sigmas[i]);
    return g;
  }

  // scale_noise takes a label for the level itself.
  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    std::vector<noise_level> levels;
    for (const double t : timesteps) {
      require(t >= 0 && t <= 1, class_name, "timestep " + std::to_string(t), "0 to 1");
      levels.push_back(level(1 - t, t));
    }
    return levels;
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "sigmas"});
    return {.solver = euler{},
            .schedule = rectified_flow{},
            .path = path_of(grid(a), level),
            .parameterisation = predicts_flow{.reversed = true, .label_scale = -1, .label_offset = 1},
            .map = {}};
  }

  friend bool operator==(const minimax_h3_class&, const minimax_h3_class&) = default;

 private:
  static noise_level level(double sigma, double label) { return {label, 1 - sigma, sigma}; }
};

}  // namespace noisefall::diffusers
