// CMStochasticIterativeScheduler: its levels; the solver is not connected yet.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/edm_grid.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>

namespace noisefall::diffusers {

// Labels are 250 ln(sigma + 1e-44); the sigmas are Karras' at whole positions of a ramp of num_train_timesteps.
struct cm_stochastic_iterative_class {
  static constexpr std::string_view class_name = "CMStochasticIterativeScheduler";

  edm_fields edm_field;
  std::size_t train_steps = 40;

  explicit cm_stochastic_iterative_class(const fields& f) {
    edm_field.read(f);
    edm_field.schedule = "karras";
    train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 40, 2, 1000000));
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    a.one_of(class_name, a.timesteps, "timesteps");
    std::vector<double> ramp;
    if (a.timesteps) {
      ramp.assign(a.timesteps->rbegin(), a.timesteps->rend());
    } else {
      const std::size_t n = a.steps(class_name, train_steps), stride = train_steps / n;
      for (std::size_t i = 0; i < n; ++i) ramp.push_back(static_cast<double>(i * stride));
    }
    for (double& r : ramp) r /= static_cast<double>(train_steps - 1);
    sigma_grid g{.sigmas = edm_field.sigmas(ramp), .labels = {}};
    for (const double s : g.sigmas) g.labels.push_back(1000 * 0.25 * std::log(s + 1e-44));
    g.sigmas.push_back(edm_field.sigma_min);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, exploding_level);
  }

  friend bool operator==(const cm_stochastic_iterative_class&, const cm_stochastic_iterative_class&) = default;
};

}  // namespace noisefall::diffusers
