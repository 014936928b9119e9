// CogVideoXDDIMScheduler.
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
#include <noisefall/config/diffusers/spacing.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/solver/ddim.hpp>

namespace noisefall::diffusers {

// alpha_bar becomes alpha_bar / (k + (1 - k) alpha_bar), k = snr_shift_scale, before it is rescaled to zero terminal
// SNR. Steps go from label t to t - N / n, as DDIM's; eta, use_clipped_model_output and clip_sample are there and have
// no effect.
struct cogvideox_ddim_class {
  static constexpr std::string_view class_name = "CogVideoXDDIMScheduler";

  beta_fields betas{.start = 0.00085, .end = 0.012, .schedule = "scaled_linear"};
  spacing_fields spacing;
  std::string prediction;
  bool alpha_to_one = true;
  double snr_shift_scale = 3;

  explicit cogvideox_ddim_class(const fields& f) {
    betas.read(f, true);
    spacing.read(f);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
    alpha_to_one = f.boolean("set_alpha_to_one", true);
    snr_shift_scale = f.number("snr_shift_scale", 3, positive);
  }

  std::vector<double> alphas_cumprod() const {
    std::vector<double> bars = noisefall::alphas_cumprod(betas.values());
    for (double& bar : bars) bar /= snr_shift_scale + (1 - snr_shift_scale) * bar;
    if (!betas.zero_snr) return bars;
    const double first = std::sqrt(bars.front()), last = std::sqrt(bars.back());
    for (double& bar : bars) {
      const double root = (std::sqrt(bar) - last) * (first / (first - last));
      bar = root * root;
    }
    return bars;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, class_name);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "eta", "use_clipped_model_output"});
    const std::size_t n = a.steps(class_name, betas.train_steps);
    const std::vector<double> bars = alphas_cumprod();
    const long stride = static_cast<long>(betas.train_steps / n);
    std::vector<leg> legs;
    for (const long t : labels(spacing, n, betas.train_steps)) {
      const long next = t - stride;
      noise_level to =
          next < 0 && alpha_to_one ? noise_level{0, 1, 0} : table_level(bars, next < 0 ? 0 : next, class_name);
      to.t = static_cast<double>(next);
      legs.push_back({table_level(bars, t, class_name), to, static_cast<double>(t)});
    }
    return {.solver = ddim{},
            .schedule = discrete_schedule{bars},
            .path = trajectory{std::move(legs), trajectory_kind::compat},
            .parameterisation = parameterisation_of(prediction, false),
            .map = {}};
  }

  friend bool operator==(const cogvideox_ddim_class&, const cogvideox_ddim_class&) = default;
};

}  // namespace noisefall::diffusers
