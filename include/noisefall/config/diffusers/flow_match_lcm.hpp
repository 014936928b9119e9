// FlowMatchLCMScheduler.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/flow_grid.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/solver/consistency_multistep.hpp>

namespace noisefall::diffusers {

// As FlowMatchEulerDiscrete, but labels that the caller gives stay what they are (unless invert_sigmas), and all noise
// is renewed in each step. scale_factors are refused: they resize the state between steps, and a run's state has one
// shape. Its caller runs each scale by itself, on the legs of its part.
struct flow_match_lcm_class {
  static constexpr std::string_view class_name = "FlowMatchLCMScheduler";

  flow_fields flow;

  explicit flow_match_lcm_class(const fields& f) {
    flow.read(f);
    if (f.has("scale_factors")) f.refuse("scale_factors", "a list", "null: the state keeps its shape");
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    sigma_grid g = flow.grid(a, class_name);
    if (a.timesteps && !flow.invert) g.labels = *a.timesteps;
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, flow_fields::level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "timesteps", "sigmas", "mu"});
    return {.solver = consistency_multistep{},
            .schedule = rectified_flow{},
            .path = path_of(grid(a), flow_fields::level),
            .parameterisation = predicts_flow{},
            .map = {}};
  }

  friend bool operator==(const flow_match_lcm_class&, const flow_match_lcm_class&) = default;
};

}  // namespace noisefall::diffusers
