// HeunDiscreteScheduler.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/clipping.hpp>
#include <noisefall/config/diffusers/k_setup.hpp>
#include <noisefall/solver/heun.hpp>

namespace noisefall::diffusers {

// For add_noise there is a label and a sigma per evaluation: each after the first stands twice, the final 0 once. It
// never churns.
struct heun_discrete_class {
  static constexpr std::string_view class_name = "HeunDiscreteScheduler";

  k_fields k;
  threshold map;
  std::string prediction;

  explicit heun_discrete_class(const fields& f) {
    k.betas.start = 0.00085;
    k.betas.end = 0.012;
    k.read(f, false, {"linear", "scaled_linear", "squaredcos_cap_v2", "exp"});
    if (f.boolean("clip_sample", false)) map.how = threshold::kind::fixed;
    map.range = f.number("clip_sample_range", 1, positive);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "v_prediction"});
  }

  sigma_grid grid(const diffusers_arguments& a) const { return of_two_evaluations(steps(a)); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, exploding_level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "timesteps"});
    return k_setup(k, steps(a), prediction, heun{}, map);
  }

  friend bool operator==(const heun_discrete_class&, const heun_discrete_class&) = default;

 private:
  sigma_grid steps(const diffusers_arguments& a) const {
    a.one_of(class_name, a.timesteps, "timesteps");
    require(!a.timesteps || !k.switches.regrids(), class_name, "timesteps are given",
            "timesteps without sigma switches");
    sigma_grid g = k.grid(sigma_table{sigmas_of(k.alphas_cumprod())},
                          a.timesteps ? *a.timesteps : k.labels(a.steps(class_name, k.betas.train_steps)), false);
    g.sigmas.push_back(0);
    return g;
  }
};

}  // namespace noisefall::diffusers
