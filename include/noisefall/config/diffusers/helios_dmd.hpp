// HeliosDMDScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/helios_stages.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/solver/first_order.hpp>

namespace noisefall::diffusers {

// x' = alpha' D + sigma' x_0, with x_0 the state that the run started from: all noise is renewed, by the same noise. The
// pipeline hands x_0 to each step as dmd_noisy_tensor.
struct renoised_by_start {
  static constexpr std::string_view name = "diffusers' HeliosDMD";

  int order() const { return 1; }
  std::size_t history() const { return 0; }
  void check() const {}

  step_plan plan(const step_window& window) const {
    const noise_level& to = window.at.to;
    require(window.at.index == 0 || window.has_previous, name, "a guidance that begins anew within the run",
            "one without jumps: the state that the run started from would be lost");
    step_plan p = look_at(window.at.from, quantity::x0);
    p.result.x = 0;
    p.result.now[0] = to.alpha;
    (window.at.index == 0 ? p.result.x : p.result.previous) = to.sigma;
    p.keep = row{};
    (window.at.index == 0 ? p.keep->x : p.keep->previous) = 1;
    return p;
  }
};

// One of the stages, of which the last point but the end is left out. Labels are rounded down, and mean the level of the
// label nearest to that.
struct helios_dmd_class {
  static constexpr std::string_view class_name = "HeliosDMDScheduler";

  helios_stages stages;

  explicit helios_dmd_class(const fields& f) {
    stages.read(f, "linear");
    f.choice("prediction_type", "flow_prediction", {"flow_prediction"});
    if (!f.boolean("use_flow_sigmas", true)) f.refuse("use_flow_sigmas", "true");
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    require(!a.sigmas || a.sigmas->size() >= 2, class_name, "sigmas", "two entries or more");
    const std::size_t n =
        a.sigmas ? a.sigmas->size() : a.steps(class_name, 10000) * (a.is_amplify_first_chunk ? 2 : 1) + 1;
    sigma_grid g = stages.grid(a, n, class_name);
    g.labels.pop_back();
    g.sigmas.erase(g.sigmas.end() - 2);
    stages.shift_by_mu(g, a, class_name);
    return g;
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "stage_index", "sigmas", "mu", "is_amplify_first_chunk"});
    sigma_grid g = grid(a);
    const std::vector<double> sigmas = g.sigmas;
    for (std::size_t i = 0; i < g.labels.size(); ++i) {
      std::size_t nearest = 0;
      for (std::size_t k = 1; k < g.labels.size(); ++k)
        if (std::abs(g.labels[k] - std::trunc(g.labels[i])) < std::abs(g.labels[nearest] - std::trunc(g.labels[i])))
          nearest = k;
      g.sigmas[i] = sigmas[nearest];
    }
    return {.solver = renoised_by_start{},
            .schedule = rectified_flow{},
            .path = path_of(g,
                            [](double sigma, double label) {
                              return noise_level{label, 1 - sigma, sigma};
                            }),
            .parameterisation = predicts_flow{},
            .map = {}};
  }

  friend bool operator==(const helios_dmd_class&, const helios_dmd_class&) = default;
};

}  // namespace noisefall::diffusers
