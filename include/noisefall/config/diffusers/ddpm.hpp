// DDPMScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/betas.hpp>
#include <noisefall/config/diffusers/clipping.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/spacing.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/solver/ddpm.hpp>

namespace noisefall::diffusers {

// A step goes to the next label of the list, the last one to clean data; there is noise wherever the label is above 0.
// fixed_large_log is read as fixed_large, what it is meant to be (diffusers' own gives NaN).
struct ddpm_class {
  static constexpr std::string_view class_name = "DDPMScheduler";

  beta_fields betas;
  spacing_fields spacing;
  threshold map;
  std::string prediction, variance;

  std::string_view called = class_name;  // in messages

  explicit ddpm_class(const fields& f) {
    betas.read(f, true, {"linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace"});
    spacing.read(f);
    map = read_clipping(f, true);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
    variance =
        f.choice("variance_type", "fixed_small",
                 {"fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log", "learned", "learned_range"});
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod(); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, called);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(called, {"num_inference_steps", "timesteps"});
    a.one_of(called, a.timesteps, "timesteps");
    const std::vector<long> indices =
        a.timesteps ? given(*a.timesteps) : labels(spacing, a.steps(called, betas.train_steps), betas.train_steps);
    const std::vector<double> bars = alphas_cumprod();
    std::vector<leg> legs;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const bool clean = i + 1 == indices.size() || indices[i + 1] < 0;
      legs.push_back({table_level(bars, indices[i], called),
                      clean ? noise_level{-1, 1, 0} : table_level(bars, indices[i + 1], called),
                      static_cast<double>(indices[i])});
    }
    ddpm solver{.variance_floor = 1e-20, .at_end = ddpm::last_noise::unless_label_zero};
    if (variance.starts_with("fixed_large")) solver.variance = ddpm::variance_kind::fixed_large;
    if (variance == "learned") solver.variance = ddpm::variance_kind::learned;
    if (variance == "learned_range") solver.variance = ddpm::variance_kind::learned_range;
    return {.solver = solver,
            .schedule = discrete_schedule{bars},
            .path = trajectory{std::move(legs), trajectory_kind::compat},
            .parameterisation = parameterisation_of(prediction, false),
            .map = map,
            .learned_variance = variance.starts_with("learned")};
  }

  friend bool operator==(const ddpm_class&, const ddpm_class&) = default;

 private:
  std::vector<long> given(const std::vector<double>& timesteps) const {
    std::vector<long> indices;
    for (const double t : timesteps) {
      require(t >= 0 && t < static_cast<double>(betas.train_steps) && t == std::floor(t) &&
                  (indices.empty() || t < static_cast<double>(indices.back())),
              called, "timesteps: " + std::to_string(t),
              "falling whole numbers from 0 to " + std::to_string(betas.train_steps - 1));
      indices.push_back(static_cast<long>(t));
    }
    return indices;
  }
};

}  // namespace noisefall::diffusers
