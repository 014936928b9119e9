// EulerDiscreteScheduler: its levels; the solver is not connected yet.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/k_grid.hpp>

namespace noisefall::diffusers {

// Fields and defaults of EulerDiscreteScheduler.
struct euler_discrete_class {
  static constexpr std::string_view class_name = "EulerDiscreteScheduler";

  k_fields k;
  std::string interpolation, final_type;
  bool continuous = false;  // labels are ln(sigma) / 4

  explicit euler_discrete_class(const fields& f) {
    k.read(f, true);
    interpolation = f.choice("interpolation_type", "linear", {"linear", "log_linear"});
    final_type = f.choice("final_sigmas_type", "zero", {"zero", "sigma_min"});
    const std::string prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
    continuous = f.choice("timestep_type", "discrete", {"discrete", "continuous"}) == "continuous" &&
                 prediction == "v_prediction";
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    require(a.num_inference_steps.has_value() + a.timesteps.has_value() + a.sigmas.has_value() == 1, class_name,
            "num_inference_steps, timesteps, sigmas: none or several are given", "exactly one of them");
    const sigma_table table{sigmas_of(k.alphas_cumprod())};
    sigma_grid g;
    if (a.sigmas) {
      require(a.sigmas->size() >= 2, class_name, "sigmas: fewer than two", "the sigmas of the run and its end");
      g.sigmas = *a.sigmas;
      g.labels = table.labels({g.sigmas.begin(), g.sigmas.end() - 1}, false);
    } else {
      require(!a.timesteps || (!k.switches.regrids() && !continuous && !a.timesteps->empty()), class_name,
              "timesteps are given", "timesteps without sigma switches and with discrete labels");
      std::vector<double> labels = a.timesteps ? *a.timesteps : k.labels(a.steps(class_name, k.betas.train_steps));
      if (interpolation == "log_linear" && !k.switches.regrids()) {
        g.sigmas = linear_ramp(labels.size() + 1, table.log_sigmas.back(), table.log_sigmas.front());
        for (double& s : g.sigmas) s = std::exp(s);
        g.labels = std::move(labels);
      } else {
        g = k.grid(table, std::move(labels), false);
      }
      g.sigmas.push_back(final_type == "zero" ? 0 : table.sigmas.front());
    }
    if (continuous)
      for (std::size_t i = 0; i < g.labels.size(); ++i) g.labels[i] = 0.25 * std::log(g.sigmas[i]);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, exploding_level);
  }

  // get_velocity looks the position within the run up in the table of training indices.
  std::vector<noise_level> velocity_levels(std::span<const double> timesteps, const diffusers_arguments& a) const {
    const sigma_grid g = grid(a);
    std::vector<noise_level> levels;
    for (const double t : timesteps)
      levels.push_back(
          table_level(k.alphas_cumprod(), static_cast<long>(position_of(t, g.labels, false, class_name)), class_name));
    return levels;
  }

  friend bool operator==(const euler_discrete_class&, const euler_discrete_class&) = default;
};

}  // namespace noisefall::diffusers
