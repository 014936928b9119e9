// set_timesteps of LCM and TCD: some of the training indices that the network was distilled on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/fields.hpp>

namespace noisefall::diffusers {

// The labels of a run, noisiest first. ends_early: the caller's own list, cut by `strength`, so that diffusers does not
// know its last step for the last.
struct distilled_labels {
  std::vector<long> labels;
  bool ends_early = false;
};

// `origin`: the indices to choose from, rising; `most`: as many steps as there may be.
inline distilled_labels choose_labels(const diffusers_arguments& a, std::vector<long> origin, std::size_t most,
                                      std::size_t train_steps, std::string_view class_name) {
  a.one_of(class_name, a.timesteps, "timesteps");
  distilled_labels chosen;
  if (a.timesteps) {
    const double strength = a.strength.value_or(1);
    const std::size_t n = a.timesteps->size();
    const std::size_t kept = std::min(static_cast<std::size_t>(static_cast<double>(n) * strength), n);
    require(kept > 0, class_name, "strength: " + std::to_string(strength), "enough for one of the timesteps");
    for (std::size_t i = 0; i < n; ++i) {
      const double t = (*a.timesteps)[i];
      require(
          t >= 0 && t < static_cast<double>(train_steps) && t == std::floor(t) && (i == 0 || t < (*a.timesteps)[i - 1]),
          class_name, "timesteps: " + std::to_string(t),
          "falling whole numbers from 0 to " + std::to_string(train_steps - 1));
      if (i >= n - kept) chosen.labels.push_back(static_cast<long>(t));
    }
    chosen.ends_early = kept < n;
    return chosen;
  }
  const std::size_t n = a.steps(class_name, std::min(most, origin.size()));
  std::reverse(origin.begin(), origin.end());
  // numpy.linspace without its end, rounded down
  const double step = static_cast<double>(origin.size()) / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i)
    chosen.labels.push_back(origin[static_cast<std::size_t>(std::floor(static_cast<double>(i) * step))]);
  return chosen;
}

// Every k-th training index, k = train_steps / original_steps, up to the part `strength` of them.
inline std::vector<long> every_kth(std::size_t train_steps, std::size_t original_steps, double strength,
                                   std::string_view class_name) {
  require(original_steps <= train_steps, class_name, "original_inference_steps: " + std::to_string(original_steps),
          "at most num_train_timesteps, " + std::to_string(train_steps));
  const std::size_t k = train_steps / original_steps;
  const std::size_t kept = static_cast<std::size_t>(static_cast<double>(original_steps) * strength);
  std::vector<long> indices;
  for (std::size_t i = 1; i <= kept; ++i) indices.push_back(static_cast<long>(i * k) - 1);
  return indices;
}

}  // namespace noisefall::diffusers
