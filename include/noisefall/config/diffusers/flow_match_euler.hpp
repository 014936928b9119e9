// FlowMatchEulerDiscreteScheduler.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/flow_grid.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/solver/consistency_multistep.hpp>
#include <noisefall/solver/ddim.hpp>

namespace noisefall::diffusers {

// Euler on a flow's velocity is DDIM; stochastic_sampling renews all noise in each step. With invert_sigmas the levels
// rise.
struct flow_match_euler_class {
  static constexpr std::string_view class_name = "FlowMatchEulerDiscreteScheduler";

  flow_fields flow;
  bool stochastic = false;

  explicit flow_match_euler_class(const fields& f) {
    flow.read(f);
    stochastic = f.boolean("stochastic_sampling", false);
  }

  sigma_grid grid(const diffusers_arguments& a) const { return flow.grid(a, class_name); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, flow_fields::level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    // step() takes the churn arguments and ignores them.
    a.allow_only(class_name,
                 {"num_inference_steps", "timesteps", "sigmas", "mu", "s_churn", "s_tmin", "s_tmax", "s_noise"});
    const auto solver = stochastic ? erased_solver{consistency_multistep{}} : erased_solver{ddim{}};
    return {.solver = solver,
            .schedule = rectified_flow{},
            .path = path_of(grid(a), flow_fields::level),
            .parameterisation = predicts_flow{},
            .map = {}};
  }

  friend bool operator==(const flow_match_euler_class&, const flow_match_euler_class&) = default;
};

}  // namespace noisefall::diffusers
