// EDMEulerScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/edm_grid.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>
#include <noisefall/parameterisation/edm.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/solver/euler.hpp>

namespace noisefall::diffusers {

// Labels are ln(sigma) / 4. Churn raises the noise after the network has looked (euler's churn_after). The argument
// `sigmas` is a ramp from 0 (sigma_max) to 1 (sigma_min), in any order.
struct edm_euler_class {
  static constexpr std::string_view class_name = "EDMEulerScheduler";

  edm_fields edm_field;
  std::string prediction, final_type;

  explicit edm_euler_class(const fields& f) {
    edm_field.read(f);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "v_prediction"});
    final_type = f.choice("final_sigmas_type", "zero", {"zero", "sigma_min"});
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    a.one_of(class_name, a.sigmas, "sigmas");
    const std::vector<double> ramp = a.sigmas ? *a.sigmas : linear_ramp(a.steps(class_name, 1000000), 0, 1);
    for (const double r : ramp)
      require(r >= 0 && r <= 1, class_name, "sigmas: " + std::to_string(r), "a ramp of numbers from 0 to 1");
    sigma_grid g{.sigmas = edm_field.sigmas(ramp), .labels = {}};
    for (const double s : g.sigmas) g.labels.push_back(0.25 * std::log(s));
    g.sigmas.push_back(final_type == "zero" ? 0 : g.sigmas.back());
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, exploding_level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "sigmas", "s_churn", "s_tmin", "s_tmax", "s_noise"});
    return {.solver = euler{.s_churn = a.s_churn,
                            .s_tmin = a.s_tmin,
                            .s_tmax = a.s_tmax,
                            .s_noise = a.s_noise,
                            .churn_after = true},
            .schedule = edm{.sigma_min = edm_field.sigma_min, .sigma_max = edm_field.sigma_max},
            .path = path_of(grid(a), [](double sigma, double) { return exploding_level(sigma, sigma); }),
            .parameterisation =
                edm_precond{.sigma_data = edm_field.sigma_data,
                            .output = prediction == "v_prediction" ? edm_output::v_like : edm_output::eps_like},
            .map = {},
            .init_noise_sigma = edm_field.init_noise_sigma()};
  }

  friend bool operator==(const edm_euler_class&, const edm_euler_class&) = default;
};

}  // namespace noisefall::diffusers
