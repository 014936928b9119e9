// FlowMatchLCMScheduler: its levels; the solver is not connected yet.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/flow_grid.hpp>

namespace noisefall::diffusers {

// As FlowMatchEulerDiscrete, but labels that the caller gives stay what they are (unless invert_sigmas).
struct flow_match_lcm_class {
  static constexpr std::string_view class_name = "FlowMatchLCMScheduler";

  flow_fields flow;

  explicit flow_match_lcm_class(const fields& f) { flow.read(f); }

  sigma_grid grid(const diffusers_arguments& a) const {
    sigma_grid g = flow.grid(a, class_name);
    if (a.timesteps && !flow.invert) g.labels = *a.timesteps;
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, flow_fields::level);
  }

  friend bool operator==(const flow_match_lcm_class&, const flow_match_lcm_class&) = default;
};

}  // namespace noisefall::diffusers
