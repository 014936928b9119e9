// HeliosScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/helios_stages.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/solver/euler.hpp>
#include <noisefall/solver/unipc.hpp>

namespace noisefall::diffusers {

// Euler or UniPC over one of the stages. UniPC's last level is a sigma of 1e-8 instead of 0.
struct helios_class {
  static constexpr std::string_view class_name = "HeliosScheduler";

  helios_stages stages;
  std::string solver_type, scheduler_type, prediction;
  int order = 2;
  bool predict_x0 = true, lower_order_final = true, flow_sigmas = true;
  std::vector<std::size_t> skip_corrector;

  explicit helios_class(const fields& f) {
    stages.read(f, "exponential");
    order = static_cast<int>(f.integer("solver_order", 2, 1, 4));
    predict_x0 = f.boolean("predict_x0", true);
    solver_type =
        f.choice("solver_type", "bh2", {"bh1", "bh2"}, {{"midpoint", "bh2"}, {"heun", "bh2"}, {"logrho", "bh2"}});
    lower_order_final = f.boolean("lower_order_final", true);
    for (const double i : f.numbers("disable_corrector", not_negative).value_or(std::vector<double>{}))
      skip_corrector.push_back(static_cast<std::size_t>(i));
    if (f.has("solver_p")) f.refuse("solver_p", "a predictor of its own", "null");
    if (f.boolean("thresholding", false)) f.refuse("thresholding", "false: the class has no rule for it");
    scheduler_type = f.choice("scheduler_type", "unipc", {"euler", "unipc"});
    flow_sigmas = f.boolean("use_flow_sigmas", true);
    if (predict_x0)
      prediction =
          f.choice("prediction_type", "flow_prediction", {"epsilon", "sample", "v_prediction", "flow_prediction"});
    else
      prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
    if (!predict_x0 && !f.has("prediction_type"))
      f.refuse("predict_x0", "false with the default prediction_type, flow_prediction", "true");
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    require(!a.sigmas || !a.sigmas->empty(), class_name, "sigmas is empty", "one entry or more");
    sigma_grid g = stages.grid(a, a.sigmas ? a.sigmas->size() : a.steps(class_name, 1000000), class_name);
    stages.shift_by_mu(g, a, class_name);
    return g;
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "stage_index", "sigmas", "mu", "is_amplify_first_chunk"});
    const bool plain = scheduler_type == "euler", flow = plain || flow_sigmas;
    sigma_grid g = grid(a);
    if (!plain && flow) g.sigmas.back() = least;
    any_solver solver{euler{}};
    if (!plain)
      solver = unipc{.order = order,
                     .of = predict_x0 ? quantity::x0 : quantity::eps,
                     .coefficients = solver_type == "bh1" ? unipc::variant::bh1 : unipc::variant::bh2,
                     .lower_order_final = lower_order_final,
                     .skip_corrector = skip_corrector};
    return {.solver = solver,
            .schedule = rectified_flow{},
            .path = path_of(g, [flow](double sigma, double label) { return level(sigma, label, flow); }),
            .parameterisation = parameterisation_of(plain ? "flow_prediction" : prediction, flow),
            .map = {}};
  }

  friend bool operator==(const helios_class&, const helios_class&) = default;

 private:
  static constexpr double least = 1e-8;

  static noise_level level(double sigma, double label, bool flow) {
    if (flow) return {label, sigma == least ? 1 : 1 - sigma, sigma};
    const double alpha = 1 / std::sqrt(sigma * sigma + 1);
    return {label, alpha, sigma * alpha};
  }
};

}  // namespace noisefall::diffusers
