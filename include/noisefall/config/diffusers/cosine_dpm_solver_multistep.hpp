// CosineDPMSolverMultistepScheduler.
#pragma once

#include <cmath>
#include <numbers>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/dpm_solver_multistep.hpp>
#include <noisefall/config/diffusers/edm_grid.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>
#include <noisefall/parameterisation/edm.hpp>
#include <noisefall/schedule/edm.hpp>

namespace noisefall::diffusers {

// Always the SDE in data prediction, of order 1 or 2. Labels are 2 / pi * atan(sigma). final_sigmas_type sigma_min
// ends at the field sigma_min.
struct cosine_dpm_solver_multistep_class {
  static constexpr std::string_view class_name = "CosineDPMSolverMultistepScheduler";

  edm_fields edm_field{.sigma_min = 0.3, .sigma_max = 500, .sigma_data = 1, .schedule = "exponential"};
  dpm_algorithm algorithm{.algorithm = "sde-dpmsolver++"};
  std::string prediction, final_type;
  bool lower_order_final = true, euler_at_final = false;

  explicit cosine_dpm_solver_multistep_class(const fields& f) {
    edm_field.read(f);
    algorithm.solver_type = f.choice("solver_type", "midpoint", {"midpoint", "heun"},
                                     {{"logrho", "midpoint"}, {"bh1", "midpoint"}, {"bh2", "midpoint"}});
    algorithm.order = static_cast<int>(f.integer("solver_order", 2, 1, 2));
    lower_order_final = f.boolean("lower_order_final", true);
    euler_at_final = f.boolean("euler_at_final", false);
    prediction = f.choice("prediction_type", "v_prediction", {"epsilon", "v_prediction"});
    final_type = f.choice("final_sigmas_type", "zero", {"zero", "sigma_min"});
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    sigma_grid g{.sigmas = edm_field.sigmas(linear_ramp(a.steps(class_name, 1000000), 0, 1)), .labels = {}};
    for (const double s : g.sigmas) g.labels.push_back(std::atan(s) / std::numbers::pi * 2);
    g.sigmas.push_back(final_type == "zero" ? 0 : edm_field.sigma_min);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, true, class_name, exploding_level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    return {.solver = algorithm.solver(lower_order_final, euler_at_final),
            .schedule = edm{.sigma_min = edm_field.sigma_min, .sigma_max = edm_field.sigma_max},
            .path = path_of(grid(a), [](double sigma, double) { return exploding_level(sigma, sigma); }),
            .parameterisation =
                edm_precond{.sigma_data = edm_field.sigma_data,
                            .output = prediction == "v_prediction" ? edm_output::v_like : edm_output::eps_like,
                            .fed = edm_label::arctan},
            .map = {},
            .init_noise_sigma = edm_field.init_noise_sigma()};
  }

  friend bool operator==(const cosine_dpm_solver_multistep_class&, const cosine_dpm_solver_multistep_class&) = default;
};

}  // namespace noisefall::diffusers
