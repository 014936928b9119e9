// DDIMInverseScheduler.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/betas.hpp>
#include <noisefall/config/diffusers/clipping.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/spacing.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/solver/ddim.hpp>

namespace noisefall::diffusers {

// Labels rise. The step with label t goes from t - N / n (below 0: clean data, or the first entry) to t, but the
// network is told t. Clipping keeps the eps of the unclipped estimate.
struct ddim_inverse_class {
  static constexpr std::string_view class_name = "DDIMInverseScheduler";

  beta_fields betas;
  spacing_fields spacing;
  threshold map;
  std::string prediction;
  bool alpha_to_one = true;

  explicit ddim_inverse_class(const fields& f) {
    betas.read(f, true);
    spacing.spacing = f.choice("timestep_spacing", "leading", {"leading", "trailing"});
    spacing.offset = static_cast<long>(f.integer("steps_offset", 0, 0, 1000000));
    const bool clip = f.boolean("clip_sample", true);
    map.range = f.number("clip_sample_range", 1, positive);
    if (clip) map.how = threshold::kind::fixed;
    map.keep_eps = clip;
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
    alpha_to_one = f.boolean("set_alpha_to_zero", f.boolean("set_alpha_to_one", true));  // the former is the old name
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod(); }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    const std::size_t n = a.steps(class_name, betas.train_steps);
    const std::vector<double> bars = alphas_cumprod();
    const long stride = static_cast<long>(betas.train_steps / n), last = static_cast<long>(betas.train_steps) - 1;
    std::vector<long> rising = labels(spacing, n, betas.train_steps);
    std::reverse(rising.begin(), rising.end());
    std::vector<leg> legs;
    for (const long t : rising) {
      const long before = std::min(t - stride, last);
      noise_level from =
          before < 0 && alpha_to_one ? noise_level{0, 1, 0} : table_level(bars, std::max(before, 0L), class_name);
      from.t = static_cast<double>(before);
      legs.push_back({from, table_level(bars, t, class_name), static_cast<double>(t)});
    }
    return {ddim{}, discrete_schedule{bars}, trajectory{std::move(legs), trajectory_kind::compat},
            parameterisation_of(prediction, false), map};
  }

  friend bool operator==(const ddim_inverse_class&, const ddim_inverse_class&) = default;
};

}  // namespace noisefall::diffusers
