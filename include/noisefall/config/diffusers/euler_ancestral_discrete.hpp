// EulerAncestralDiscreteScheduler.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/k_setup.hpp>
#include <noisefall/solver/ddim.hpp>

namespace noisefall::diffusers {

// In sigma / alpha the Euler ancestral step is DDIM's with eta = 1.
struct euler_ancestral_discrete_class {
  static constexpr std::string_view class_name = "EulerAncestralDiscreteScheduler";

  k_fields k;
  std::string prediction;

  explicit euler_ancestral_discrete_class(const fields& f) {
    k.read(f, true);
    k.switches = {};
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "v_prediction"});
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    sigma_grid g =
        k.grid(sigma_table{sigmas_of(k.alphas_cumprod())}, k.labels(a.steps(class_name, k.betas.train_steps)), false);
    g.sigmas.push_back(0);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, exploding_level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    return k_setup(k, grid(a), prediction, ddim{.eta = 1});
  }

  friend bool operator==(const euler_ancestral_discrete_class&, const euler_ancestral_discrete_class&) = default;
};

}  // namespace noisefall::diffusers
