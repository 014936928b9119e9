// KDPM2DiscreteScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/k_setup.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>

namespace noisefall::diffusers {

// DPM-Solver-2 in noise prediction. For add_noise there is a label per evaluation, between each two that of the
// geometric mean of their sigmas; sigmas: each after the first twice.
struct k_dpm_2_discrete_class {
  static constexpr std::string_view class_name = "KDPM2DiscreteScheduler";

  k_fields k;
  std::string prediction;

  explicit k_dpm_2_discrete_class(const fields& f) {
    k.betas.start = 0.00085;
    k.betas.end = 0.012;
    k.read(f, false);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "v_prediction"});
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    const sigma_table table{sigmas_of(k.alphas_cumprod())};
    sigma_grid g = k.grid(table, k.labels(a.steps(class_name, k.betas.train_steps)), true);
    std::vector<double> middle;
    for (std::size_t i = 1; i < g.sigmas.size(); ++i)
      middle.push_back(std::exp((std::log(g.sigmas[i]) + std::log(g.sigmas[i - 1])) / 2));
    g.labels = interleaved(g.labels, table.labels(middle, false));
    g.sigmas = doubled(g.sigmas);
    g.sigmas.insert(g.sigmas.end(), 3, 0);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, exploding_level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    sigma_grid g =
        k.grid(sigma_table{sigmas_of(k.alphas_cumprod())}, k.labels(a.steps(class_name, k.betas.train_steps)), true);
    g.sigmas.push_back(0);
    return k_setup(k, g, prediction, dpm_singlestep{.order = 2, .of = quantity::eps});
  }

  friend bool operator==(const k_dpm_2_discrete_class&, const k_dpm_2_discrete_class&) = default;
};

}  // namespace noisefall::diffusers
