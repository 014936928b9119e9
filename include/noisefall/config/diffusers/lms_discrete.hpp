// LMSDiscreteScheduler: its levels; the solver is not connected yet.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/k_grid.hpp>

namespace noisefall::diffusers {

// Fields and defaults of LMSDiscreteScheduler.
struct lms_discrete_class {
  static constexpr std::string_view class_name = "LMSDiscreteScheduler";

  k_fields k;

  explicit lms_discrete_class(const fields& f) { k.read(f, false); }

  sigma_grid grid(const diffusers_arguments& a) const {
    sigma_grid g =
        k.grid(sigma_table{sigmas_of(k.alphas_cumprod())}, k.labels(a.steps(class_name, k.betas.train_steps)), false);
    g.sigmas.push_back(0);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, exploding_level);
  }

  friend bool operator==(const lms_discrete_class&, const lms_discrete_class&) = default;
};

}  // namespace noisefall::diffusers
