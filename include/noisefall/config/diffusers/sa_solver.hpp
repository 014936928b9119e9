// SASolverScheduler.
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
#include <noisefall/solver/sa_solver.hpp>

namespace noisefall::diffusers {

// tau is 1 for labels 200 to 800 and 0 elsewhere (tau_func, which no file can hold). With any sigma switch the last
// sigma stands twice; without one the run ends at the table's cleanest.
struct sa_solver_class {
  static constexpr std::string_view class_name = "SASolverScheduler";

  beta_fields betas;
  spacing_fields spacing{.spacing = "linspace"};
  sigma_switches switches;
  threshold map;
  std::string prediction, variance;
  int predictor_order = 2, corrector_order = 2;
  bool by_eps = false, lower_order_final = true;
  double lambda_min = 0;

  explicit sa_solver_class(const fields& f) {
    betas.read(f, false);
    spacing.read(f);
    switches.read(f, false, true);
    predictor_order = static_cast<int>(f.integer("predictor_order", 2, 1, 4));
    corrector_order = static_cast<int>(f.integer("corrector_order", 2, 1, 4));
    by_eps =
        f.choice("algorithm_type", "data_prediction", {"data_prediction", "noise_prediction"}) == "noise_prediction";
    if (f.has("tau_func")) f.refuse("tau_func", "a function", "null");
    map = read_thresholding(f);
    if (by_eps && map.how != threshold::kind::none)
      f.refuse("thresholding", "true with algorithm_type noise_prediction", "false");
    lambda_min = read_lambda_min(f);
    lower_order_final = f.boolean("lower_order_final", true);
    variance = f.choice("variance_type", "", {"learned", "learned_range"});
    if (by_eps)
      prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
    else
      prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction", "flow_prediction"});
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod(); }

  sigma_grid grid(const diffusers_arguments& a) const {
    const std::vector<double> bars = alphas_cumprod();
    const sigma_table table{sigmas_of(bars)};
    const std::size_t n = a.steps(class_name, betas.train_steps);
    const bool plain = !switches.regrids() && !switches.flow;
    std::vector<double> labels;
    if (plain) labels = as_numbers(points(spacing, n, betas.train_steps, usable(bars, lambda_min)));
    sigma_grid g = dpm_grid(switches, table, n, std::move(labels));
    g.sigmas.push_back(plain ? table.sigmas.front() : g.sigmas.back());
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, class_name);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    return {.solver = sa_solver{.predictor_order = predictor_order,
                                .corrector_order = corrector_order,
                                .of = by_eps ? quantity::eps : quantity::x0,
                                .tau_from = 200,
                                .tau_to = 800,
                                .lower_order_final = lower_order_final},
            .schedule = discrete_schedule{alphas_cumprod(), between::sigma},
            .path = path_of(grid(a), [this](double sigma, double label) { return switches.level(sigma, label); }),
            .parameterisation = parameterisation_of(prediction, switches.flow),
            .map = map,
            .learned_variance = !variance.empty() && prediction == "epsilon"};
  }

  friend bool operator==(const sa_solver_class&, const sa_solver_class&) = default;
};

}  // namespace noisefall::diffusers
