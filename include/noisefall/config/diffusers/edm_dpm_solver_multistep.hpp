// EDMDPMSolverMultistepScheduler: its levels; the solver is not connected yet.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/edm_grid.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>

namespace noisefall::diffusers {

// Labels are ln(sigma) / 4. final_sigmas_type sigma_min ends at the field sigma_min.
struct edm_dpm_solver_multistep_class {
  static constexpr std::string_view class_name = "EDMDPMSolverMultistepScheduler";

  edm_fields edm_field;
  std::string final_type;

  explicit edm_dpm_solver_multistep_class(const fields& f) {
    edm_field.read(f);
    final_type = f.choice("final_sigmas_type", "zero", {"zero", "sigma_min"});
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    sigma_grid g{.sigmas = edm_field.sigmas(linear_ramp(a.steps(class_name, 1000000), 0, 1)), .labels = {}};
    for (const double s : g.sigmas) g.labels.push_back(0.25 * std::log(s));
    g.sigmas.push_back(final_type == "zero" ? 0 : edm_field.sigma_min);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, true, class_name, exploding_level);
  }

  friend bool operator==(const edm_dpm_solver_multistep_class&, const edm_dpm_solver_multistep_class&) = default;
};

}  // namespace noisefall::diffusers
