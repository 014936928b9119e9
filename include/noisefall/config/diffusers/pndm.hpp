// PNDMScheduler.
#pragma once

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
#include <noisefall/solver/pndm.hpp>

namespace noisefall::diffusers {

// A step goes from label t to t - N / n, as in DDIM, except in the start. Outputs of a network that predicts v are
// averaged over different levels before they are converted.
struct pndm_class {
  static constexpr std::string_view class_name = "PNDMScheduler";

  beta_fields betas;
  spacing_fields spacing;
  std::string prediction;
  bool skip_prk_steps = false, alpha_to_one = false;

  explicit pndm_class(const fields& f) {
    betas.read(f, false);
    spacing.read(f);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "v_prediction"});
    skip_prk_steps = f.boolean("skip_prk_steps", false);
    alpha_to_one = f.boolean("set_alpha_to_one", false);
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod(); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, class_name);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    const std::size_t n = a.steps(class_name, betas.train_steps);
    require(skip_prk_steps || n >= 4, class_name, "num_inference_steps: " + std::to_string(n),
            "4 or more, unless skip_prk_steps");
    const std::vector<double> bars = alphas_cumprod();
    const long stride = static_cast<long>(betas.train_steps / n);
    std::vector<leg> legs;
    for (const long t : labels(spacing, n, betas.train_steps)) {
      noise_level to = t >= stride    ? table_level(bars, t - stride, class_name)
                       : alpha_to_one ? noise_level{0, 1, 0}
                                      : table_level(bars, 0, class_name);
      to.t = static_cast<double>(t - stride);
      legs.push_back({table_level(bars, t, class_name), to, static_cast<double>(t)});
    }
    return {.solver = pndm{.start = skip_prk_steps ? pndm::start_kind::improved_euler : pndm::start_kind::prk,
                           .average_raw = prediction == "v_prediction",
                           .stride = static_cast<double>(stride)},
            .schedule = discrete_schedule{bars},
            .path = trajectory{std::move(legs), trajectory_kind::compat},
            .parameterisation = parameterisation_of(prediction, false),
            .map = {}};
  }

  friend bool operator==(const pndm_class&, const pndm_class&) = default;
};

}  // namespace noisefall::diffusers
