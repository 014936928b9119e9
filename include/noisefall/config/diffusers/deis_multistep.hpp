// DEISMultistepScheduler: its levels; the solver is not connected yet.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/dpm_grid.hpp>

namespace noisefall::diffusers {

// With any sigma switch the last sigma stands twice; without one the run ends at the table's cleanest.
struct deis_multistep_class {
  static constexpr std::string_view class_name = "DEISMultistepScheduler";

  beta_fields betas;
  spacing_fields spacing{.spacing = "linspace"};
  sigma_switches switches;
  std::string time_shift;
  bool dynamic_shift = false;

  explicit deis_multistep_class(const fields& f) {
    betas.read(f, false);
    spacing.read(f);
    switches.read(f, false, true);
    dynamic_shift = f.boolean("use_dynamic_shifting", false);
    time_shift = f.choice("time_shift_type", "exponential", {"exponential", "linear"});
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    const sigma_table table{sigmas_of(betas.alphas_cumprod())};
    const std::size_t n = a.steps(class_name, betas.train_steps);
    sigma_switches s = switches;
    s.flow_shift = shift_from_mu(a, switches.flow_shift, dynamic_shift, time_shift, class_name);
    const bool plain = !s.regrids() && !s.flow;
    std::vector<double> labels;
    if (plain) labels = as_numbers(points(spacing, n, betas.train_steps, betas.train_steps));
    sigma_grid g = dpm_grid(s, table, n, std::move(labels));
    g.sigmas.push_back(plain ? table.sigmas.front() : g.sigmas.back());
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, true, class_name,
                       [this](double sigma, double label) { return switches.level(sigma, label); });
  }

  friend bool operator==(const deis_multistep_class&, const deis_multistep_class&) = default;
};

}  // namespace noisefall::diffusers
