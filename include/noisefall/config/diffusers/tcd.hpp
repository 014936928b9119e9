// TCDScheduler.
#pragma once

#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/betas.hpp>
#include <noisefall/config/diffusers/distilled_grid.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/solver/tcd.hpp>

namespace noisefall::diffusers {

// The run ends at index 0 of the table, not at clean data. eta of step() is the method's gamma, 0.3 unless given.
// Clipping and thresholding are in the file and have no effect; original_inference_steps as an argument, whatever its
// value, opens all training indices.
struct tcd_class {
  static constexpr std::string_view class_name = "TCDScheduler";

  beta_fields betas{.start = 0.00085, .end = 0.012, .schedule = "scaled_linear"};
  std::string prediction;
  std::size_t original_steps = 50;

  explicit tcd_class(const fields& f) {
    betas.read(f, true);
    prediction = f.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"});
    original_steps = static_cast<std::size_t>(f.integer("original_inference_steps", 50, 1, 1000000));
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod(); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, class_name);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "timesteps", "original_inference_steps", "strength", "eta"});
    const std::vector<long> labels =
        choose_labels(a, origin(a), a.original_inference_steps.value_or(original_steps), betas.train_steps, class_name)
            .labels;
    const std::vector<double> bars = alphas_cumprod();
    std::vector<leg> legs;
    for (std::size_t i = 0; i < labels.size(); ++i)
      legs.push_back({table_level(bars, labels[i], class_name),
                      table_level(bars, i + 1 < labels.size() ? labels[i + 1] : 0, class_name),
                      static_cast<double>(labels[i])});
    return {.solver = tcd{.gamma = a.eta.value_or(0.3), .whole_times = true},
            .schedule = discrete_schedule{bars},
            .path = trajectory{std::move(legs), trajectory_kind::compat},
            .parameterisation = parameterisation_of(prediction, false),
            .map = {}};
  }

  friend bool operator==(const tcd_class&, const tcd_class&) = default;

 private:
  std::vector<long> origin(const diffusers_arguments& a) const {
    const double strength = a.strength.value_or(1);
    if (!a.original_inference_steps) return every_kth(betas.train_steps, original_steps, strength, class_name);
    std::vector<long> all(static_cast<std::size_t>(static_cast<double>(betas.train_steps) * strength));
    std::iota(all.begin(), all.end(), 0L);
    return all;
  }
};

}  // namespace noisefall::diffusers
