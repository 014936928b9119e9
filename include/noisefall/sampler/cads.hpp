// Condition-annealed sampling: noise on the condition, less and less of it along the way.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/random/normals.hpp>

namespace noisefall {

// y^ = sqrt(g) y + scale sqrt(1 - g) n,  brought back to y's mean and deviation, that mixed with y^ by `mixing`
//                                               Sadat et al., arXiv:2310.17347, algorithm 1
// with g = 1 for t <= tau1, 0 for t >= tau2 and linear in between; t is the level's time divided by `horizon` (1 for
// continuous schedules, the number of steps of a table). n is standard normal and a pure function of the run's seed, the
// sample and the step: a step's evaluations and a retry see the same condition, and a resumed run goes on with it. A
// hook for predictors, which call anneal() on the embedding of the conditional branch:
//   noise.anneal(embedding, at, sample, annealed);
struct cads {
  static constexpr std::string_view reference = papers::cads;

  double tau1 = 0.6, tau2 = 0.9, scale = 0.25, mixing = 1, horizon = 1;

  void check() const {
    require(tau1 >= 0 && tau1 < tau2, "cads", {"tau1: ", tau1, ", tau2: ", tau2}, "0 <= tau1 < tau2");
    require(scale >= 0 && std::isfinite(scale), "cads", {"scale: ", scale}, "0 or more, finite");
    require(mixing >= 0 && mixing <= 1, "cads", {"mixing: ", mixing}, "0 <= mixing <= 1");
    require(horizon > 0 && std::isfinite(horizon), "cads", {"horizon: ", horizon}, "above 0, finite");
  }

  // How much of the condition is left at a time in the schedule's unit.
  double kept(double t) const {
    const double u = t / horizon;
    return u <= tau1 ? 1 : u >= tau2 ? 0 : (tau2 - u) / (tau2 - tau1);
  }

  // Writes the condition of the batch's sample-th sample; `out` is as long as `condition` and may be the same memory.
  template <class T>
  void anneal(std::span<const T> condition, const evaluation& at, std::size_t sample, std::span<T> out) const {
    if (out.size() != condition.size() || condition.empty())
      refuse("cads", {out.size(), " elements for a condition of ", condition.size()}, "as many as the condition has");
    const double g = kept(at.level(sample).t);
    const std::size_t n = condition.size();
    if (g == 1) {
      for (std::size_t e = 0; e < n; ++e) out[e] = condition[e];
      return;
    }
    const double of_condition = std::sqrt(g), of_noise = scale * std::sqrt(1 - g);
    const auto moments = [n](auto value) {
      double mean = 0, square = 0;
      for (std::size_t e = 0; e < n; ++e) mean += value(e) / static_cast<double>(n);
      for (std::size_t e = 0; e < n; ++e) square += (value(e) - mean) * (value(e) - mean) / static_cast<double>(n);
      return moments_of{mean, std::sqrt(square)};
    };
    const auto clean = moments([&](std::size_t e) { return static_cast<double>(condition[e]); });
    const normal_stream stream{at.seed ^ own_seeds, static_cast<std::uint32_t>(at.step), at.first_sample + sample, n};
    for (std::size_t first = 0; first < n; first += chunk) {
      double z[chunk];
      const std::size_t count = std::min(chunk, n - first);
      normals(stream, first, first + count, z);
      for (std::size_t e = 0; e < count; ++e)
        out[first + e] = static_cast<T>(of_condition * static_cast<double>(condition[first + e]) + of_noise * z[e]);
    }
    const auto noisy = moments([&](std::size_t e) { return static_cast<double>(out[e]); });
    if (mixing == 0 || !(noisy.deviation > 0)) return;
    for (std::size_t e = 0; e < n; ++e) {
      const double y = static_cast<double>(out[e]);
      const double standard = (y - noisy.mean) / noisy.deviation * clean.deviation + clean.mean;
      out[e] = static_cast<T>(mixing * standard + (1 - mixing) * y);
    }
  }

  friend bool operator==(const cads&, const cads&) = default;

 private:
  struct moments_of {
    double mean, deviation;
  };
  static constexpr std::size_t chunk = 1024;
  static constexpr std::uint64_t own_seeds = 0xc0d5a11ea1edULL;  // apart from the run's own noise
};

}  // namespace noisefall
