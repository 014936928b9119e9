// HeliosScheduler.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/helios_stages.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/unipc_fields.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/solver/euler.hpp>

namespace noisefall::diffusers {

// Euler or UniPC over one of the stages. UniPC's last level is a sigma of 1e-8 instead of 0.
struct helios_class {
  static constexpr std::string_view class_name = "HeliosScheduler";

  helios_stages stages;
  unipc_fields multistep;
  std::string scheduler_type;
  bool flow_sigmas = true;

  explicit helios_class(const fields& f) {
    stages.read(f, "exponential");
    multistep.read(f, "flow_prediction");
    if (f.boolean("thresholding", false)) f.refuse("thresholding", "false: the class has no rule for it");
    scheduler_type = f.choice("scheduler_type", "unipc", {"euler", "unipc"});
    flow_sigmas = f.boolean("use_flow_sigmas", true);
    if (!multistep.predict_x0 && !f.has("prediction_type"))
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
    if (!plain) solver = multistep.solver();
    return {.solver = solver,
            .schedule = rectified_flow{},
            .path = path_of(g, [flow](double sigma, double label) { return level(sigma, label, flow); }),
            .parameterisation = parameterisation_of(plain ? "flow_prediction" : multistep.prediction, flow),
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
