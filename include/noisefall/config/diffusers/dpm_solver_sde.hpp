// DPMSolverSDEScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/k_setup.hpp>
#include <noisefall/solver/dpm_pp_sde.hpp>

namespace noisefall::diffusers {

// noise_sampler_seed is for whoever makes the noise. For add_noise there is a label per evaluation: between each two
// that of the middle in ln(sigma). sigmas: each after the first twice.
struct dpm_solver_sde_class {
  static constexpr std::string_view class_name = "DPMSolverSDEScheduler";

  k_fields k;
  std::string prediction;

  explicit dpm_solver_sde_class(const fields& f) {
    k.betas.start = 0.00085;
    k.betas.end = 0.012;
    k.read(f, false);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "v_prediction"});
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    const sigma_table table{sigmas_of(k.alphas_cumprod())};
    sigma_grid g = k.grid(table, k.labels(a.steps(class_name, k.betas.train_steps)), false);
    std::vector<double> middle;
    for (std::size_t i = 1; i < g.sigmas.size(); ++i)
      middle.push_back(std::exp((std::log(g.sigmas[i]) + std::log(g.sigmas[i - 1])) / 2));
    g.labels = interleaved(g.labels, table.labels(middle, false));
    g.sigmas = doubled(g.sigmas);
    g.sigmas.push_back(0);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, exploding_level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "s_noise"});
    sigma_grid g =
        k.grid(sigma_table{sigmas_of(k.alphas_cumprod())}, k.labels(a.steps(class_name, k.betas.train_steps)), false);
    g.sigmas.push_back(0);
    return k_setup(k, g, prediction, dpm_pp_sde{.s_noise = a.s_noise});
  }

  friend bool operator==(const dpm_solver_sde_class&, const dpm_solver_sde_class&) = default;
};

}  // namespace noisefall::diffusers
