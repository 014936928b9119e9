// DDIMScheduler.
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
#include <noisefall/config/diffusers/clipping.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/spacing.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/solver/ddim.hpp>

namespace noisefall::diffusers {

// A step goes from label t to t - N / n, whatever the next label is; below 0 it goes to clean data (set_alpha_to_one)
// or to the first entry of the table. A clipped estimate goes on with the eps of the unclipped one, unless
// use_clipped_model_output.
struct ddim_class {
  static constexpr std::string_view class_name = "DDIMScheduler";

  beta_fields betas;
  spacing_fields spacing;
  threshold map;
  std::string prediction;
  bool alpha_to_one = true;

  std::string_view called = class_name;  // in messages

  explicit ddim_class(const fields& f) {
    betas.read(f, true);
    spacing.read(f);
    map = read_clipping(f, true);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
    alpha_to_one = f.boolean("set_alpha_to_one", true);
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod(); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, called);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(called, {"num_inference_steps", "eta", "use_clipped_model_output"});
    const std::size_t n = a.steps(called, betas.train_steps);
    const std::vector<double> bars = alphas_cumprod();
    const long stride = static_cast<long>(betas.train_steps / n);
    std::vector<leg> legs;
    for (const long t : labels(spacing, n, betas.train_steps)) {
      legs.push_back({table_level(bars, t, called), level_after(bars, t - stride), static_cast<double>(t)});
      if (a.eta == 1 && legs.back().from.alpha == 0 && prediction != "epsilon" && t >= stride)
        keep_residue(legs.back(), bars[static_cast<std::size_t>(t - stride)]);
    }
    threshold clip = map;
    clip.keep_eps = clip.how != threshold::kind::none && !a.use_clipped_model_output;
    return {ddim{.eta = a.eta.value_or(0)}, discrete_schedule{bars},
            trajectory{std::move(legs), trajectory_kind::compat}, parameterisation_of(prediction, false), clip};
  }

  friend bool operator==(const ddim_class&, const ddim_class&) = default;

 private:
  // From infinite noise with eta = 1 nothing of the old noise is left. In diffusers rounding leaves sqrt(1 - alpha_bar
  // - s^2), 1e-8 of it: that much comes from an alpha of about 1e-10 instead of 0.
  static void keep_residue(leg& l, double bar) {
    const double s = std::sqrt(1 - bar);
    const volatile double square = s * s;  // rounded by itself, whatever the compiler may fuse
    const double left = (1 - bar) - square;
    if (left > 0) l.from.alpha = std::sqrt(left) * l.to.alpha / (l.to.sigma * l.to.sigma);
  }

  noise_level level_after(const std::vector<double>& bars, long t) const {
    if (t >= 0) return table_level(bars, t, called);
    noise_level end = alpha_to_one ? noise_level{0, 1, 0} : table_level(bars, 0, called);
    end.t = static_cast<double>(t);
    return end;
  }
};

}  // namespace noisefall::diffusers
