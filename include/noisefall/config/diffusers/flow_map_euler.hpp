// FlowMapEulerDiscreteScheduler.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
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

// Euler over a flow's sigmas, evenly from 1 to 0 and shifted. The network is one of flow maps, which is also told where
// the step goes: the level of the next label, after the last one 0; here it is fed the label that it starts from.
struct flow_map_euler_class {
  static constexpr std::string_view class_name = "FlowMapEulerDiscreteScheduler";

  std::size_t train_steps = 1000;
  double shift = 1;

  explicit flow_map_euler_class(const fields& f) {
    train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 1000, 1, 1000000));
    shift = f.number("shift", 1, positive);
  }

  // Sigmas and timesteps that are given are shifted as well.
  sigma_grid grid(const diffusers_arguments& a) const {
    const double train = static_cast<double>(train_steps);
    const std::vector<double>* given = a.sigmas ? &*a.sigmas : a.timesteps ? &*a.timesteps : nullptr;
    sigma_grid g;
    if (given != nullptr) {
      require(!given->empty() && (!a.num_inference_steps || given->size() == *a.num_inference_steps) &&
                  (!a.sigmas || !a.timesteps || a.sigmas->size() == a.timesteps->size()),
              class_name, std::to_string(given->size()) + (a.sigmas ? " sigmas" : " timesteps"),
              "num_inference_steps of them, 1 or more");
      g.sigmas = *given;
      if (!a.sigmas)
        for (double& s : g.sigmas) s /= train;
    } else {
      g.sigmas = linear_ramp(a.steps(class_name, 1000000) + 1, 1, 0);
      g.sigmas.pop_back();
    }
    for (double& s : g.sigmas) {
      require(s > 0 && s <= 1, class_name, "a sigma of " + std::to_string(s), "0 < sigma <= 1");
      s = time_shift(shift, s);
      g.labels.push_back(s * train);
    }
    g.sigmas.push_back(0);
    return g;
  }

  // scale_noise takes a label for the level itself.
  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    std::vector<noise_level> levels;
    for (const double t : timesteps) levels.push_back(level(t / static_cast<double>(train_steps), t));
    return levels;
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "timesteps", "sigmas"});
    return {.solver = euler{},
            .schedule = rectified_flow{},
            .path = path_of(grid(a), level),
            .parameterisation = predicts_flow{},
            .map = {}};
  }

  friend bool operator==(const flow_map_euler_class&, const flow_map_euler_class&) = default;

 private:
  static noise_level level(double sigma, double label) { return {label, 1 - sigma, sigma}; }
};

}  // namespace noisefall::diffusers
