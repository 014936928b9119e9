// HeunDiscreteScheduler: its levels; the solver is not connected yet.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/k_grid.hpp>

namespace noisefall::diffusers {

// A label and a sigma per evaluation: each after the first stands twice, the final 0 once.
struct heun_discrete_class {
  static constexpr std::string_view class_name = "HeunDiscreteScheduler";

  k_fields k;

  explicit heun_discrete_class(const fields& f) {
    k.betas.start = 0.00085;
    k.betas.end = 0.012;
    k.read(f, false, {"linear", "scaled_linear", "squaredcos_cap_v2", "exp"});
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    a.one_of(class_name, a.timesteps, "timesteps");
    require(!a.timesteps || !k.switches.regrids(), class_name, "timesteps are given",
            "timesteps without sigma switches");
    sigma_grid g = k.grid(sigma_table{sigmas_of(k.alphas_cumprod())},
                          a.timesteps ? *a.timesteps : k.labels(a.steps(class_name, k.betas.train_steps)), false);
    g.sigmas = doubled(g.sigmas);
    g.sigmas.push_back(0);
    g.labels = doubled(g.labels);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, exploding_level);
  }

  friend bool operator==(const heun_discrete_class&, const heun_discrete_class&) = default;
};

}  // namespace noisefall::diffusers
