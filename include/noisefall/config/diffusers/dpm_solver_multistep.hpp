// DPMSolverMultistepScheduler.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/clipping.hpp>
#include <noisefall/config/diffusers/dpm_grid.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/solver/dpm_multistep.hpp>

namespace noisefall::diffusers {

// algorithm_type, solver_type and solver_order, shared by the DPM-Solver classes.
struct dpm_algorithm {
  std::string algorithm = "dpmsolver++", solver_type = "midpoint";
  int order = 2;

  void read(const fields& f, std::initializer_list<std::string_view> algorithms) {
    algorithm = f.choice("algorithm_type", algorithm, algorithms, {{"deis", "dpmsolver++"}});
    solver_type = f.choice("solver_type", solver_type, {"midpoint", "heun"},
                           {{"logrho", "midpoint"}, {"bh1", "midpoint"}, {"bh2", "midpoint"}});
    order = static_cast<int>(f.integer("solver_order", order, 1, 3));
  }

  bool by_eps() const { return algorithm == "dpmsolver" || algorithm == "sde-dpmsolver"; }
  bool stochastic() const { return algorithm.starts_with("sde-"); }

  dpm_multistep solver(bool lower_order_final, bool euler_at_final) const {
    return {
        .order = order,
        .of = by_eps() ? quantity::eps : quantity::x0,
        .correction = solver_type == "heun" ? dpm_multistep::kind::heun : dpm_multistep::kind::midpoint,
        .tau_squared = stochastic() ? 1.0 : 0.0,
        .lower_order_below = lower_order_final ? 15u : 0u,
        .euler_at_final = euler_at_final,
        // sde-dpmsolver has no third order in diffusers: it fails at the first step that would need it.
        .third_order = algorithm == "sde-dpmsolver" ? dpm_multistep::third::corrected : dpm_multistep::third::shipped};
  }

  friend bool operator==(const dpm_algorithm&, const dpm_algorithm&) = default;
};

// Fields, defaults and quirks of DPMSolverMultistepScheduler.
struct dpm_solver_multistep_class {
  static constexpr std::string_view class_name = "DPMSolverMultistepScheduler";

  beta_fields betas;
  spacing_fields spacing{.spacing = "linspace"};
  sigma_switches switches;
  dpm_algorithm algorithm;
  threshold map;
  std::string prediction, final_type, time_shift, variance;
  bool lower_order_final = true, euler_at_final = false, dynamic_shift = false;
  double lambda_min = 0;

  explicit dpm_solver_multistep_class(const fields& f) {
    betas.read(f, true);
    spacing.read(f);
    switches.read(f, true, true);
    algorithm.read(f, {"dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++"});
    map = read_thresholding(f);
    final_type = read_final(f);
    lambda_min = read_lambda_min(f);
    lower_order_final = f.boolean("lower_order_final", true);
    euler_at_final = f.boolean("euler_at_final", false);
    dynamic_shift = f.boolean("use_dynamic_shifting", false);
    time_shift = f.choice("time_shift_type", "exponential", {"exponential", "linear"});
    variance = f.choice("variance_type", "", {"learned", "learned_range"});
    if (algorithm.by_eps()) {
      prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
      if (final_type == "zero")
        f.refuse("final_sigmas_type", "zero with algorithm_type " + algorithm.algorithm, "sigma_min");
    } else {
      prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction", "flow_prediction"});
    }
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod_for_sigmas(); }

  sigma_grid grid(const diffusers_arguments& a) const {
    a.one_of(class_name, a.timesteps, "timesteps");
    const std::vector<double> bars = alphas_cumprod();
    const sigma_table table{sigmas_of(bars)};
    sigma_switches s = switches;
    s.flow_shift = shift_from_mu(a, switches.flow_shift, dynamic_shift, time_shift, class_name);
    const std::size_t n = a.timesteps ? a.timesteps->size() : a.steps(class_name, betas.train_steps);
    std::vector<double> plain;
    if (a.timesteps)
      plain = given_labels(*a.timesteps, s, betas.train_steps, class_name);
    else if (!s.regrids() && !s.lu && !s.flow)
      plain = as_numbers(points(spacing, n, betas.train_steps, usable(bars, lambda_min)));
    sigma_grid g = dpm_grid(s, table, n, std::move(plain), betas.schedule != "squaredcos_cap_v2");
    g.sigmas.push_back(final_type == "zero" ? 0 : table.sigmas.front());
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, true, class_name,
                       [this](double sigma, double label) { return switches.level(sigma, label); });
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "timesteps", "mu"});
    return {.solver = algorithm.solver(lower_order_final, euler_at_final),
            .schedule = discrete_schedule{betas.alphas_cumprod(), between::sigma},
            .path = path_of(grid(a), [this](double sigma, double label) { return switches.level(sigma, label); }),
            .parameterisation = parameterisation_of(prediction, switches.flow),
            .map = map,
            .learned_variance = !variance.empty() && prediction == "epsilon"};
  }

  friend bool operator==(const dpm_solver_multistep_class&, const dpm_solver_multistep_class&) = default;
};

}  // namespace noisefall::diffusers
