// LMSDiscreteScheduler.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/k_setup.hpp>
#include <noisefall/solver/lms.hpp>

namespace noisefall::diffusers {

// Its order is an argument of step(), 4 unless given, and holds to the end at 0. Its numerical integrals are the exact
// ones to rounding.
struct lms_discrete_class {
  static constexpr std::string_view class_name = "LMSDiscreteScheduler";

  k_fields k;
  std::string prediction;

  explicit lms_discrete_class(const fields& f) {
    k.read(f, false);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
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
    a.allow_only(class_name, {"num_inference_steps", "order"});
    return k_setup(k, grid(a), prediction, lms{.order = a.order.value_or(4), .full_order_at_zero = true});
  }

  friend bool operator==(const lms_discrete_class&, const lms_discrete_class&) = default;
};

}  // namespace noisefall::diffusers
