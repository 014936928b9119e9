// FlowMatchHeunDiscreteScheduler.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/k_grid.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/solver/flow_runge_kutta.hpp>

namespace noisefall::diffusers {

// The range of sigmas to divide comes from the shifted training grid and is then shifted again, as diffusers has it.
// For add_noise each label and sigma after the first stands twice, the final 0 once. Its churn, which adds noise
// without taking signal away, is not built.
struct flow_match_heun_class {
  static constexpr std::string_view class_name = "FlowMatchHeunDiscreteScheduler";

  std::size_t train_steps = 1000;
  double shift = 1;

  explicit flow_match_heun_class(const fields& f) {
    train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 1000, 1, 1000000));
    shift = f.number("shift", 1, positive);
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    sigma_grid g = steps(a);
    g.sigmas.pop_back();
    g.sigmas = doubled(g.sigmas);
    g.sigmas.push_back(0);
    g.labels = doubled(g.labels);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    return {.solver = flow_runge_kutta{},
            .schedule = rectified_flow{},
            .path = path_of(steps(a), level),
            .parameterisation = predicts_flow{},
            .map = {}};
  }

  friend bool operator==(const flow_match_heun_class&, const flow_match_heun_class&) = default;

 private:
  static noise_level level(double sigma, double label) { return {label, 1 - sigma, sigma}; }

  sigma_grid steps(const diffusers_arguments& a) const {
    const double train = static_cast<double>(train_steps);
    sigma_grid g{.sigmas = linear_ramp(a.steps(class_name, 1000000), train, time_shift(shift, 1 / train) * train),
                 .labels = {}};
    for (double& s : g.sigmas) {
      s = time_shift(shift, s / train);
      g.labels.push_back(s * train);
    }
    g.sigmas.push_back(0);
    return g;
  }
};

}  // namespace noisefall::diffusers
