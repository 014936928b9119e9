// EulerDiscreteScheduler.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/k_setup.hpp>
#include <noisefall/solver/euler.hpp>

namespace noisefall::diffusers {

// euler{.churn_after = true} where the network predicts v: diffusers converts its output at the level that it was told,
// although the state is the raised one, and goes on with eps = (x - D) / sigma of the raised level.
struct euler_late_churn {
  static constexpr std::string_view name = "diffusers' EulerDiscrete";

  euler raised;

  int order() const { return 1; }
  std::size_t history() const { return 0; }
  void check() const { raised.check(); }

  step_plan plan(const step_window& window) const {
    const affine to_x0 = window.conversion(quantity::x0, window.at.from);
    const auto as_told = [&to_x0](quantity of, const noise_level& at) {
      return of == quantity::x0 ? to_x0 : affine{(1 - at.alpha * to_x0.x) / at.sigma, -at.alpha * to_x0.out / at.sigma};
    };
    step_window other = window;
    other.conversion = as_told;
    return raised.plan(other);
  }
};

// Churn raises the noise after the network has looked (euler's churn_after). With interpolation_type log_linear (and
// discrete labels, no sigma switch) the run ends at the table's cleanest sigma: the final one stands behind it in
// diffusers' list and is never reached, but counts among the steps that share the churn.
struct euler_discrete_class {
  static constexpr std::string_view class_name = "EulerDiscreteScheduler";

  k_fields k;
  std::string interpolation, final_type, prediction;
  bool continuous = false;  // labels are ln(sigma) / 4

  explicit euler_discrete_class(const fields& f) {
    k.read(f, true);
    interpolation = f.choice("interpolation_type", "linear", {"linear", "log_linear"});
    final_type = f.choice("final_sigmas_type", "zero", {"zero", "sigma_min"});
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
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
      const double last = final_type == "zero" ? 0 : table.sigmas.front();
      if (interpolation == "linear") {
        g = k.grid(table, std::move(labels), false);
        g.sigmas.push_back(last);
      } else if (k.switches.regrids()) {
        g.sigmas = k.switches.regrid(std::array{table.sigmas.back(), table.sigmas.front()}, labels.size());
        g.labels = table.labels(g.sigmas, false);
        g.sigmas.push_back(last);
      } else {
        g.sigmas = linear_ramp(labels.size() + 1, table.log_sigmas.back(), table.log_sigmas.front());
        for (double& s : g.sigmas) s = std::exp(s);
        g.labels = std::move(labels);
        if (continuous) {
          g.labels.resize(g.sigmas.size());
          g.sigmas.push_back(last);
        }
      }
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

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "timesteps", "sigmas", "s_churn", "s_tmin", "s_tmax", "s_noise"});
    const sigma_grid g = grid(a);
    const double n = static_cast<double>(g.labels.size());
    const euler solver{.s_churn = has_unreached_end(a) ? a.s_churn * n / (n + 1) : a.s_churn,
                       .s_tmin = a.s_tmin,
                       .s_tmax = a.s_tmax,
                       .s_noise = a.s_noise,
                       .churn_after = true};
    const bool late = a.s_churn > 0 && prediction == "v_prediction";
    return k_setup(k, g, prediction, late ? erased_solver{euler_late_churn{solver}} : erased_solver{solver});
  }

  friend bool operator==(const euler_discrete_class&, const euler_discrete_class&) = default;

 private:
  bool has_unreached_end(const diffusers_arguments& a) const {
    return interpolation == "log_linear" && !k.switches.regrids() && !continuous && !a.sigmas;
  }
};

}  // namespace noisefall::diffusers
