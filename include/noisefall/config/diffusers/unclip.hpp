// UnCLIPScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/betas.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/sampler/threshold.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/solver/ddpm.hpp>

namespace noisefall::diffusers {

// A step() that is not told the next timestep goes from label t to t - 1 only, whatever the next label is.
struct unclip_class {
  static constexpr std::string_view class_name = "UnCLIPScheduler";

  beta_fields betas{.schedule = "squaredcos_cap_v2"};
  threshold map;
  std::string prediction, variance;

  explicit unclip_class(const fields& f) {
    betas.train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 1000, 2, 1000000));
    f.choice("beta_schedule", "squaredcos_cap_v2", {"squaredcos_cap_v2"});
    if (f.boolean("clip_sample", true)) map.how = threshold::kind::fixed;
    map.range = f.number("clip_sample_range", 1, positive);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample"});
    variance = f.choice("variance_type", "fixed_small_log", {"fixed_small_log", "learned_range"});
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod(); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, class_name);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    const std::size_t n = a.steps(class_name, betas.train_steps);
    require(n >= 2, class_name, "num_inference_steps: 1", "2 or more");
    const double stride = static_cast<double>(betas.train_steps - 1) / static_cast<double>(n - 1);
    const std::vector<double> bars = alphas_cumprod();
    std::vector<leg> legs;
    for (std::size_t i = n; i-- > 0;) {
      const long t = std::lrint(static_cast<double>(i) * stride);
      legs.push_back({table_level(bars, t, class_name),
                      t == 0 ? noise_level{-1, 1, 0} : table_level(bars, t - 1, class_name), static_cast<double>(t)});
    }
    const bool learned = variance == "learned_range";
    return {.solver = ddpm{.variance = learned ? ddpm::variance_kind::learned_range : ddpm::variance_kind::fixed_small,
                           .variance_floor = 1e-20,
                           .at_end = ddpm::last_noise::unless_label_zero},
            .schedule = discrete_schedule{bars},
            .path = trajectory{std::move(legs), trajectory_kind::compat},
            .parameterisation = parameterisation_of(prediction, false),
            .map = map,
            .learned_variance = learned};
  }

  friend bool operator==(const unclip_class&, const unclip_class&) = default;
};

}  // namespace noisefall::diffusers
