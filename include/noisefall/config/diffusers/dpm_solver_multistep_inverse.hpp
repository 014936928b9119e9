// DPMSolverMultistepInverseScheduler.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/clipping.hpp>
#include <noisefall/config/diffusers/dpm_grid.hpp>
#include <noisefall/config/diffusers/dpm_solver_multistep.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/schedule/discrete.hpp>

namespace noisefall::diffusers {

// Labels rise: from the cleanest to just before the noisiest usable index. Labels that repeat are dropped, but their
// sigmas are not, so that label i need not belong to sigma i.
struct dpm_solver_multistep_inverse_class {
  static constexpr std::string_view class_name = "DPMSolverMultistepInverseScheduler";

  beta_fields betas;
  spacing_fields spacing{.spacing = "linspace"};
  sigma_switches switches;
  dpm_algorithm algorithm;
  threshold map;
  std::string prediction, variance;
  bool lower_order_final = true, euler_at_final = false;
  double lambda_min = 0;

  explicit dpm_solver_multistep_inverse_class(const fields& f) {
    betas.read(f, false);
    spacing.read(f);
    switches.read(f, false, true);
    lambda_min = read_lambda_min(f);
    algorithm.read(f, {"dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++"});
    if (algorithm.stochastic())
      f.refuse("algorithm_type", algorithm.algorithm, "dpmsolver, dpmsolver++: no noise upwards");
    map = read_thresholding(f);
    lower_order_final = f.boolean("lower_order_final", true);
    euler_at_final = f.boolean("euler_at_final", false);
    variance = f.choice("variance_type", "", {"learned", "learned_range"});
    if (algorithm.by_eps())
      prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
    else
      prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction", "flow_prediction"});
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    const std::vector<double> bars = betas.alphas_cumprod();
    const sigma_table table{sigmas_of(bars)};
    const std::size_t n = a.steps(class_name, betas.train_steps), last = usable(bars, lambda_min);
    sigma_grid g;
    if (switches.regrids()) {
      // Karras and its kin run from the table's first sigma to its last: upwards.
      sigma_switches reversed = switches;
      reversed.sigma_min = switches.sigma_min.value_or(table.sigmas.front());
      reversed.sigma_max = switches.sigma_max.value_or(table.sigmas.back());
      g.sigmas = reversed.regrid(table.sigmas, n);
      std::reverse(g.sigmas.begin(), g.sigmas.end());
      g.labels = table.labels(g.sigmas, switches.karras);
      g.sigmas.push_back(g.sigmas.back());
    } else if (switches.flow) {
      g = dpm_grid(switches, table, n, {});
      g.sigmas.push_back(g.sigmas.back());
    } else {
      g.labels = rising(n, last);
      g.sigmas = table.at(g.labels);
      g.sigmas.push_back(table.sigmas[last - 1]);
    }
    keep_first_of_each(g.labels);
    drop_fractions(g.labels);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, true, class_name,
                       [this](double sigma, double label) { return switches.level(sigma, label); });
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    return {.solver = algorithm.solver(lower_order_final, euler_at_final),
            .schedule = discrete_schedule{betas.alphas_cumprod(), between::sigma},
            .path = path_of(grid(a), [this](double sigma, double label) { return switches.level(sigma, label); }),
            .parameterisation = parameterisation_of(prediction, switches.flow),
            .map = map,
            .learned_variance = !variance.empty() && prediction == "epsilon"};
  }

  friend bool operator==(const dpm_solver_multistep_inverse_class&,
                         const dpm_solver_multistep_inverse_class&) = default;

 private:
  std::vector<double> rising(std::size_t n, std::size_t last) const {
    std::vector<double> labels;
    if (spacing.spacing == "trailing") {
      labels = as_numbers(trailing(n, betas.train_steps, last));
      std::reverse(labels.begin(), labels.end());
      return labels;
    }
    if (spacing.spacing == "linspace") {
      labels = linear_ramp(n + 1, 0, static_cast<double>(last - 1));
      labels.pop_back();
      for (double& t : labels) t = std::nearbyint(t);
      return labels;
    }
    const std::size_t stride = last / (n + 1);
    for (std::size_t i = 0; i < n; ++i)
      labels.push_back(static_cast<double>(i * stride) + static_cast<double>(spacing.offset));
    return labels;
  }

  static void keep_first_of_each(std::vector<double>& labels) {
    std::vector<double> unique;
    for (const double t : labels)
      if (std::find(unique.begin(), unique.end(), t) == unique.end()) unique.push_back(t);
    labels = std::move(unique);
  }
};

}  // namespace noisefall::diffusers
