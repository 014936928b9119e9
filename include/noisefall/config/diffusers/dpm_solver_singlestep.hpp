// DPMSolverSinglestepScheduler.
#pragma once

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
#include <noisefall/solver/dpm_singlestep_grid.hpp>

namespace noisefall::diffusers {

// The levels inside a step are those of the grid. lower_order_final is taken as true where the steps do not fill groups
// of solver_order or the run ends at 0.
struct dpm_solver_singlestep_class {
  static constexpr std::string_view class_name = "DPMSolverSinglestepScheduler";

  beta_fields betas;
  sigma_switches switches;
  dpm_algorithm algorithm;
  threshold map;
  std::string prediction, final_type, time_shift, variance;
  bool lower_order_final = false, dynamic_shift = false;
  double lambda_min = 0;

  explicit dpm_solver_singlestep_class(const fields& f) {
    betas.read(f, false);
    switches.read(f, false, true);
    algorithm.read(f, {"dpmsolver", "dpmsolver++", "sde-dpmsolver++"});
    map = read_thresholding(f);
    final_type = read_final(f);
    lower_order_final = f.boolean("lower_order_final", false);
    variance = f.choice("variance_type", "", {"learned", "learned_range"});
    if (algorithm.by_eps()) {
      prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
      if (final_type == "zero")
        f.refuse("final_sigmas_type", "zero with algorithm_type " + algorithm.algorithm, "sigma_min");
      if (map.how != threshold::kind::none)
        f.refuse("thresholding", "true with algorithm_type " + algorithm.algorithm, "false");
    } else {
      prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction", "flow_prediction"});
    }
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

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "timesteps", "mu"});
    return {
        .solver = dpm_singlestep_grid{.order = algorithm.order,
                                      .of = algorithm.by_eps() ? quantity::eps : quantity::x0,
                                      .correction = algorithm.solver_type == "heun" ? dpm_singlestep::kind::heun
                                                                                    : dpm_singlestep::kind::midpoint,
                                      .tau_squared = algorithm.stochastic() ? 1.0 : 0.0,
                                      .lower_order_final = lower_order_final || final_type == "zero",
                                      .fresh_noise = true,
                                      .shipped_third = true},
        .schedule = discrete_schedule{betas.alphas_cumprod(), between::sigma},
        .path = path_of(grid(a), [this](double sigma, double label) { return switches.level(sigma, label); }),
        .parameterisation = parameterisation_of(prediction, switches.flow),
        .map = map,
        .learned_variance = !variance.empty() && prediction == "epsilon"};
  }

  friend bool operator==(const dpm_solver_singlestep_class&, const dpm_solver_singlestep_class&) = default;
};

}  // namespace noisefall::diffusers
