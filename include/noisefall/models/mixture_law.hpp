// A mixture of isotropic Gaussians, and the choice of some of its components.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <noisefall/core/error.hpp>

namespace noisefall {

// p(x0) = sum_k weights[k] * N(means[k], deviations[k]^2 * I). Weights are positive and need not sum to 1.
// A deviation of 0 is a point mass.
struct mixture_law {
  std::vector<double> weights;
  std::vector<std::vector<double>> means;  // [K][d]
  std::vector<double> deviations;

  void check() const {
    const std::size_t k = means.size();
    require(k > 0 && weights.size() == k && deviations.size() == k, "mixture_law",
            std::to_string(weights.size()) + " weights, " + std::to_string(k) + " means, " +
                std::to_string(deviations.size()) + " deviations",
            "as many of each, one or more");
    for (const std::vector<double>& mean : means)
      require(!mean.empty() && mean.size() == means[0].size(), "mixture_law: means",
              std::to_string(mean.size()) + " elements beside " + std::to_string(means[0].size()),
              "means of one size, one element or more");
    for (const double w : weights)
      require(std::isfinite(w) && w > 0, "mixture_law: weights", std::to_string(w), "finite weights > 0");
    for (const double s : deviations)
      require(std::isfinite(s) && s >= 0, "mixture_law: deviations", std::to_string(s), "finite deviations >= 0");
  }
};

// A condition: the components that may have made a sample; empty: all. An index given twice weighs twice.
struct component_subset {
  std::vector<std::size_t> only;
  friend bool operator==(const component_subset&, const component_subset&) = default;
};

}  // namespace noisefall
