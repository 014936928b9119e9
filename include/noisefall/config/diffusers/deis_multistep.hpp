// DEISMultistepScheduler.
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
#include <noisefall/solver/deis.hpp>

namespace noisefall::diffusers {

// A v on a flow's levels, which diffusers takes for one on alpha^2 + sigma^2 = 1 to find x0, and the eps that belongs to
// that x0 on the flow.
struct v_by_way_of_x0 {
  affine to_x0(const noise_level& at) const { return v_as_if_preserving{}.to_x0(at); }
  affine to_eps(const noise_level& at) const {
    const affine x0 = to_x0(at);
    return {(1 - at.alpha * x0.x) / at.sigma, -at.alpha * x0.out / at.sigma};
  }
  double input_scale(const noise_level&) const { return 1; }
  double label(const noise_level& at) const { return at.t; }
};

// With any sigma switch the last sigma stands twice; without one the run ends at the table's cleanest.
struct deis_multistep_class {
  static constexpr std::string_view class_name = "DEISMultistepScheduler";

  beta_fields betas;
  spacing_fields spacing{.spacing = "linspace"};
  sigma_switches switches;
  threshold map;
  std::string prediction, time_shift;
  int order = 2;
  bool lower_order_final = true, dynamic_shift = false;

  explicit deis_multistep_class(const fields& f) {
    betas.read(f, false);
    spacing.read(f);
    switches.read(f, false, true);
    order = static_cast<int>(f.integer("solver_order", 2, 1, 3));
    f.choice("algorithm_type", "deis", {"deis"}, {{"dpmsolver", "deis"}, {"dpmsolver++", "deis"}});
    f.choice("solver_type", "logrho", {"logrho"},
             {{"midpoint", "logrho"}, {"heun", "logrho"}, {"bh1", "logrho"}, {"bh2", "logrho"}});
    lower_order_final = f.boolean("lower_order_final", true);
    map = read_thresholding(f);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction", "flow_prediction"});
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

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "mu"});
    return {
        .solver =
            deis{.order = order, .in = deis::coordinate::log_rho, .lower_order_below = lower_order_final ? 15u : 0u},
        .schedule = discrete_schedule{betas.alphas_cumprod(), between::sigma},
        .path = path_of(grid(a), [this](double sigma, double label) { return switches.level(sigma, label); }),
        .parameterisation = switches.flow && prediction == "v_prediction"
                                ? any_parameterisation{v_by_way_of_x0{}}
                                : parameterisation_of(prediction, switches.flow),
        .map = map};
  }

  friend bool operator==(const deis_multistep_class&, const deis_multistep_class&) = default;
};

}  // namespace noisefall::diffusers
