// LCMScheduler.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/betas.hpp>
#include <noisefall/config/diffusers/clipping.hpp>
#include <noisefall/config/diffusers/distilled_grid.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/solver/latent_consistency.hpp>

namespace noisefall::diffusers {

// The last step ends at the consistency function itself; where `strength` cuts a list of timesteps, diffusers renews
// the noise of that step's own level instead.
struct lcm_class {
  static constexpr std::string_view class_name = "LCMScheduler";

  beta_fields betas{.start = 0.00085, .end = 0.012, .schedule = "scaled_linear"};
  threshold map;
  std::string prediction;
  std::size_t original_steps = 50;
  double timestep_scaling = 10;

  explicit lcm_class(const fields& f) {
    betas.read(f, true);
    map = read_clipping(f, false);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
    original_steps = static_cast<std::size_t>(f.integer("original_inference_steps", 50, 1, 1000000));
    timestep_scaling = f.number("timestep_scaling", 10, positive);
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod(); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, class_name);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "timesteps", "original_inference_steps", "strength"});
    const std::size_t original = a.original_inference_steps.value_or(original_steps);
    const auto [labels, ends_early] =
        choose_labels(a, every_kth(betas.train_steps, original, a.strength.value_or(1), class_name), original,
                      betas.train_steps, class_name);
    const std::vector<double> bars = alphas_cumprod();
    std::vector<leg> legs;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const noise_level from = table_level(bars, labels[i], class_name);
      const noise_level end = ends_early ? from : noise_level{-1, 1, 0};
      legs.push_back({from, i + 1 < labels.size() ? table_level(bars, labels[i + 1], class_name) : end,
                      static_cast<double>(labels[i])});
    }
    return {.solver = latent_consistency{.timestep_scaling = timestep_scaling},
            .schedule = discrete_schedule{bars},
            .path = trajectory{std::move(legs), trajectory_kind::compat},
            .parameterisation = parameterisation_of(prediction, false),
            .map = map};
  }

  friend bool operator==(const lcm_class&, const lcm_class&) = default;
};

}  // namespace noisefall::diffusers
