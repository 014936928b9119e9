// LTXEulerAncestralRFScheduler.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/flow_grid.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/solver/flow_ancestral.hpp>

namespace noisefall::diffusers {

// The levels are those of FlowMatchEulerDiscrete on the same file, or the sigmas given, the run's end among them.
struct ltx_euler_ancestral_rf_class {
  static constexpr std::string_view class_name = "LTXEulerAncestralRFScheduler";

  flow_fields flow;
  double eta = 1, s_noise = 1;

  explicit ltx_euler_ancestral_rf_class(const fields& f) {
    flow.read(f);
    eta = f.number("eta", 1, not_negative);
    s_noise = f.number("s_noise", 1, not_negative);
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    if (!a.sigmas) return flow.grid(a, class_name);
    require(a.sigmas->size() >= 2, class_name, "sigmas: fewer than two", "the sigmas of the run and its end");
    sigma_grid g{.sigmas = *a.sigmas, .labels = {}};
    for (std::size_t i = 0; i + 1 < g.sigmas.size(); ++i)
      g.labels.push_back(g.sigmas[i] * static_cast<double>(flow.train_steps));
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, flow_fields::level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "sigmas", "mu"});
    return {.solver = flow_ancestral{.eta = eta, .s_noise = s_noise},
            .schedule = rectified_flow{},
            .path = path_of(grid(a), flow_fields::level),
            .parameterisation = predicts_flow{},
            .map = {}};
  }

  friend bool operator==(const ltx_euler_ancestral_rf_class&, const ltx_euler_ancestral_rf_class&) = default;
};

}  // namespace noisefall::diffusers
