// The table of rectified guidance, from an unguided run.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/predictor/with_recfg.hpp>
#include <noisefall/sampler/class_information.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/tensor/tensor.hpp>

namespace noisefall {

// Runs the sampler unguided, with both branches evaluated, and takes the ratio of their means over the samples of x at
// every level, element by element (Xia et al., arXiv:2410.18737, by some 500 samples of a condition). Where the mean of u
// is not known to be other than 0, within `least` of its standard errors, the ratio would be anything, and is 1. x holds
// the samples afterwards. The outputs are the network's, best of one that predicts eps. At the noisiest levels, where they
// are nearly all noise, any other ratio than 1 would scale that: guide below them (weight_schedule::interval). Not for
// solvers that choose their own steps.
template <class Model, std::floating_point T>
recfg_table measure_recfg(const sampler& of, Model& model, tensor<T>& x,
                          const run_options<typename Model::condition>& options, double least = 3) {
  require(!of.parts().has_own_steps(), "measure_recfg", "a solver that chooses its own steps",
          "a solver that walks the trajectory");
  require(least >= 0, "measure_recfg", {"least ", least}, "0 or more");
  const std::size_t count = x.extents().samples(), size = x.extents().sample_size();
  const sampler pilot = detail::with_guidance(of, class_probe{});
  auto run = pilot.start(
      x,
      {.seed = options.seed, .first_sample = options.first_sample, .start = options.start, .checked = options.checked});
  recfg_table table;
  std::vector<double> means[2], squares(size);  // squares of u
  while (const auto* request = run.next()) {
    for (std::size_t k = 0; k < request->branches.size(); ++k) {
      model.predict(request->state, request->at, options.of_branch(request->branches[k]), request->outputs[k]);
      std::vector<double>& mean = means[request->branches[k]];
      mean.assign(size, 0.0);
      squares.assign(size, 0.0);
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t e = 0; e < size; ++e) {
          const double value = static_cast<double>(request->outputs[k].sample(i)[e]);
          mean[e] += value / static_cast<double>(count);
          squares[e] += value * value / static_cast<double>(count);
        }
    }
    const double sigma = request->at.level(0).rho();
    if (sigma > 0 && std::isfinite(sigma) && (table.sigmas.empty() || sigma < table.sigmas.back())) {
      table.sigmas.push_back(sigma);
      std::vector<double>& ratios = table.ratios.emplace_back(size, 1.0);
      for (std::size_t e = 0; e < size; ++e) {
        const double u = means[1][e], variance = std::max(squares[e] - u * u, 0.0);
        if (u != 0 && std::abs(u) >= least * std::sqrt(variance / static_cast<double>(count)))
          ratios[e] = means[0][e] / u;
      }
    }
    run.answer();
  }
  table.check();
  return table;
}

}  // namespace noisefall
