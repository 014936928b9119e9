// Sampling with resampling: particles by Feynman-Kac weights.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/guidance/feynman_kac.hpp>
#include <noisefall/random/philox.hpp>
#include <noisefall/sampler/sampler.hpp>

namespace noisefall {

// (sum W)^2 / sum W^2, from 1 to as many as there are.
inline double effective_samples(std::span<const double> log_weights) {
  const double most = *std::max_element(log_weights.begin(), log_weights.end());
  double total = 0, squares = 0;
  for (const double l : log_weights) {
    total += std::exp(l - most);
    squares += std::exp(2 * (l - most));
  }
  return total * total / squares;
}

// Of whom each of n equally weighted samples is a copy: systematic resampling by one uniform number in [0, 1).
inline std::vector<std::size_t> systematic_ancestors(std::span<const double> log_weights, double uniform) {
  const double most = *std::max_element(log_weights.begin(), log_weights.end());
  double total = 0;
  for (const double l : log_weights) total += std::exp(l - most);
  std::vector<std::size_t> ancestors;
  ancestors.reserve(log_weights.size());
  double reached = 0;
  for (std::size_t i = 0; i < log_weights.size(); ++i) {
    reached += std::exp(log_weights[i] - most) / total * static_cast<double>(log_weights.size());
    while (ancestors.size() < log_weights.size() && static_cast<double>(ancestors.size()) + uniform < reached)
      ancestors.push_back(i);
  }
  while (ancestors.size() < log_weights.size()) ancestors.push_back(log_weights.size() - 1);  // rounding of the sum
  return ancestors;
}

// Apart from the run's own noise.
inline constexpr std::uint64_t own_resampling_seeds = 0xfe1c5a3b1e5ULL;

// How a resampled run ended: the weights of the samples since the last resampling, and how often there was one.
struct resampled_result {
  std::vector<double> log_weights;
  std::size_t resamplings = 0;
};

// Runs a sampler whose guidance is feynman_kac, and resamples the whole batch after each step that leaves fewer effective
// samples than `least` times the batch. The uniform numbers are a pure function of the seed and the step. A sample
// depends on its batch: the batch is the population. For solvers without history: the copies take the noise of their
// own places. The state lies in memory. It allocates one more state.
template <class Model, std::floating_point T>
resampled_result resampled(const sampler& of, Model& model, tensor<T>& x,
                           const run_options<typename Model::condition>& options, double least = 0.5) {
  require(of.parts().guidance.template get_if<feynman_kac>() != nullptr, "resampled", "a guidance without weights",
          "feynman_kac");
  require(!of.parts().has_own_steps() && of.parts().planner.history() == 0, "resampled",
          {of.parts().solver_name(), " remembers what samples were before"}, "a solver without history");
  require(least >= 0 && least <= 1, "resampled: least", {least}, "0 to 1");
  auto run = of.start(
      x,
      {.seed = options.seed, .first_sample = options.first_sample, .start = options.start, .checked = options.checked});
  const std::size_t n = x.extents().samples(), size = x.size() / n;
  resampled_result result{std::vector<double>(n, 0.0)};
  std::vector<double> before(n, 0.0);
  std::vector<T> copies(x.size());
  while (!run.done()) {
    step(run, model, options);
    const std::span<const double> now = run.core().reader.remembered();
    for (std::size_t i = 0; i < n; ++i) result.log_weights[i] += now[i] - before[i];
    std::copy(now.begin(), now.end(), before.begin());
    if (run.done() || effective_samples(result.log_weights) >= least * static_cast<double>(n)) continue;
    const std::uint64_t key = options.seed ^ own_resampling_seeds;
    const philox_block bits = philox_4x32_10({static_cast<std::uint32_t>(run.steps_done()), 0, 0, 0},
                                             {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
    const auto ancestors = systematic_ancestors(result.log_weights, static_cast<double>(bits[0]) * 0x1p-32);
    std::copy(x.elements().begin(), x.elements().end(), copies.begin());
    for (std::size_t i = 0; i < n; ++i)
      std::copy_n(copies.begin() + static_cast<std::ptrdiff_t>(ancestors[i] * size), size,
                  x.elements().begin() + static_cast<std::ptrdiff_t>(i * size));
    std::fill(result.log_weights.begin(), result.log_weights.end(), 0.0);
    ++result.resamplings;
  }
  return result;
}

}  // namespace noisefall
