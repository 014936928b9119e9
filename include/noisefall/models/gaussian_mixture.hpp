// The exact predictor for a mixture of isotropic Gaussians.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/models/network_output.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/view.hpp>

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

// With v_k = alpha^2 std_k^2 + sigma^2 and r_k the posterior probability of component k given the state y
// (a softmax over log w_k - d/2 log v_k - |y - alpha mu_k|^2 / (2 v_k)),
//   E[x0]  = sum_k r_k (mu_k + alpha std_k^2 / v_k * (y - alpha mu_k))
//   E[eps] = sigma * sum_k r_k (y - alpha mu_k) / v_k
// exact at sigma = 0 and alpha = 0 too; where a point mass meets sigma = 0, the limit. Computed in double, each sample
// by itself, in O(K d). `sigma_data` matters to edm and trigflow outputs only. No allocation per call; not for two
// threads at once.
class gaussian_mixture {
 public:
  using condition = component_subset;

  explicit gaussian_mixture(mixture_law law, network_output gives = network_output::eps, double sigma_data = 0.5)
      : law_{std::move(law)}, gives_{gives}, sigma_data_{sigma_data} {
    law_.check();
    require(std::isfinite(sigma_data) && sigma_data > 0, "gaussian_mixture: sigma_data", std::to_string(sigma_data),
            "a finite number > 0");
    for (std::size_t k = 0; k < law_.means.size(); ++k) all_.push_back(k);
    shares_.reserve(all_.size());
    state_.resize(dimension());
  }

  const mixture_law& law() const { return law_; }
  std::size_t dimension() const { return law_.means[0].size(); }

  template <class T>
  void predict(view<std::type_identity_t<T>> x, const evaluation& at, const component_subset& given,
               mutable_view<T> out) {
    if (x.sample_size() != dimension())
      refuse("gaussian_mixture", "samples of " + std::to_string(x.sample_size()) + " elements",
             std::to_string(dimension()));
    for (const std::size_t k : given.only)
      if (k >= all_.size())
        refuse("gaussian_mixture: condition", "component " + std::to_string(k),
               "0 to " + std::to_string(all_.size() - 1));
    for (std::size_t i = 0; i < x.samples(); ++i) {
      const noise_level& level = at.level(i);
      const T* from = x.sample(i);
      T* to = out.sample(i);
      for (std::size_t e = 0; e < dimension(); ++e) state_[e] = static_cast<double>(from[e]) / at.input_scale(i);
      find_shares(level, given.only.empty() ? all_ : given.only);
      for (std::size_t e = 0; e < dimension(); ++e) {
        double sum = 0;
        for (const share& s : shares_) {
          const double mean = (*s.mean)[e];
          sum += s.of_mean * mean + s.of_rest * (state_[e] - level.alpha * mean);
        }
        to[e] = static_cast<T>(sum);
      }
    }
  }

 private:
  // A component's part in the output: of_mean * mu + of_rest * (y - alpha * mu).
  struct share {
    const std::vector<double>* mean;
    double weight, variance, data_variance, distance, log_likelihood, of_mean, of_rest;
  };

  // Fills shares_ with the components that matter to state_.
  void find_shares(const noise_level& at, const std::vector<std::size_t>& components) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double d = static_cast<double>(dimension());
    double best = -infinity, nearest = infinity;
    shares_.clear();
    for (const std::size_t k : components) {
      const std::vector<double>& mean = law_.means[k];
      double distance = 0;
      for (std::size_t e = 0; e < mean.size(); ++e) {
        const double rest = state_[e] - at.alpha * mean[e];
        distance += rest * rest;
      }
      const double s2 = law_.deviations[k] * law_.deviations[k], v = at.alpha * at.alpha * s2 + at.sigma * at.sigma;
      const double log_likelihood = v > 0 ? std::log(law_.weights[k]) - 0.5 * (d * std::log(v) + distance / v)
                                          : (distance == 0 ? infinity : -infinity);
      if (!(log_likelihood <= best)) best = log_likelihood;
      nearest = std::min(nearest, distance);
      shares_.push_back({&mean, law_.weights[k], v, s2, distance, log_likelihood, 0, 0});
    }

    double total = 0;
    for (share& s : shares_) {
      if (std::isinf(best))  // sigma = 0: on point masses, or beside all of them
        s.of_mean = (best > 0 ? s.log_likelihood == best : s.distance == nearest) ? s.weight : 0;
      else
        s.of_mean = std::exp(s.log_likelihood - best);
      total += s.of_mean;
    }
    std::erase_if(shares_, [](const share& s) { return s.of_mean == 0; });
    const output_row row = row_of(gives_, at, sigma_data_);
    for (share& s : shares_) {
      const double r = s.of_mean / total;
      s.of_mean = row.x0 * r;
      s.of_rest = s.variance > 0 ? r * (row.x0 * at.alpha * s.data_variance + row.q) / s.variance : 0;
    }
  }

  mixture_law law_;
  network_output gives_;
  double sigma_data_;
  std::vector<std::size_t> all_;
  std::vector<double> state_;
  std::vector<share> shares_;
};

}  // namespace noisefall
