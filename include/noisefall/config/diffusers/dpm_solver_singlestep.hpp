// DPMSolverSinglestepScheduler: its levels; the solver is not connected yet.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/dpm_grid.hpp>

namespace noisefall::diffusers {

// Fields and defaults of DPMSolverSinglestepScheduler.
struct dpm_solver_singlestep_class {
  static constexpr std::string_view class_name = "DPMSolverSinglestepScheduler";

  beta_fields betas;
  sigma_switches switches;
  std::string final_type, time_shift;
  bool dynamic_shift = false;
  double lambda_min = 0;

  explicit dpm_solver_singlestep_class(const fields& f) {
    betas.read(f, false);
    switches.read(f, false, true);
    final_type = read_final(f);
    lambda_min = read_lambda_min(f);
    dynamic_shift = f.boolean("use_dynamic_shifting", false);
    time_shift = f.choice("time_shift_type", "exponential", {"exponential", "linear"});
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    a.one_of(class_name, a.timesteps, "timesteps");
    const std::vector<double> bars = betas.alphas_cumprod();
    const sigma_table table{sigmas_of(bars)};
    sigma_switches s = switches;
    s.flow_shift = shift_from_mu(a, switches.flow_shift, dynamic_shift, time_shift, class_name);
    const std::size_t n = a.timesteps ? a.timesteps->size() : a.steps(class_name, betas.train_steps);
    std::vector<double> plain;
    if (a.timesteps)
      plain = given_labels(*a.timesteps, s, betas.train_steps, class_name);
    else if (!s.regrids() && !s.flow)
      plain = as_numbers(points({.spacing = "linspace"}, n, betas.train_steps, usable(bars, lambda_min)));
    sigma_grid g = dpm_grid(s, table, n, std::move(plain));
    g.sigmas.push_back(final_type == "zero" ? 0 : table.sigmas.front());
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, true, class_name,
                       [this](double sigma, double label) { return switches.level(sigma, label); });
  }

  friend bool operator==(const dpm_solver_singlestep_class&, const dpm_solver_singlestep_class&) = default;
};

}  // namespace noisefall::diffusers
