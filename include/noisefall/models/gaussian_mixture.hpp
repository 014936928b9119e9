// The exact predictor for a mixture of isotropic Gaussians.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/models/mixture_law.hpp>
#include <noisefall/models/mixture_products.hpp>
#include <noisefall/models/network_output.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// With v_k = alpha^2 std_k^2 + sigma^2 and r_k the posterior probability of component k given the state y
// (a softmax over log w_k - d/2 log v_k - |y - alpha mu_k|^2 / (2 v_k)),
//   E[x0]  = sum_k r_k (mu_k + alpha std_k^2 / v_k * (y - alpha mu_k))
//   E[eps] = sigma * sum_k r_k (y - alpha mu_k) / v_k
// exact at sigma = 0 and alpha = 0 too; where a point mass meets sigma = 0, the limit. `sigma_data` matters to edm and
// trigflow outputs only. A sample's prediction does not depend on its batch. Not for two threads at once.
// K < 16 or K d < 1024: in double, from the distances to the means. Larger mixtures: by two products of matrices and a softmax
// (models/mixture_products.hpp), the means packed by the first call of a condition, which allocates, and kept for the
// next ones of it. Products are of the state's type: where sigma is so small that they would not give the logits to 1e-3
// for float, or 1e-10 for double, samples are predicted from distances, in double.
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
    const std::vector<std::size_t>& components = given.only.empty() ? all_ : given.only;
    const bool many = components.size() >= 16 && components.size() * dimension() >= worth_packing;
    mixture_products<T>* const products = many ? &packed<T>().of(law_, components, given.only.empty()) : nullptr;
    const auto write = [&](std::size_t i, std::size_t e, double value) { out.sample(i)[e] = static_cast<T>(value); };
    for (std::size_t i = 0; i < x.samples(); ++i) {
      const noise_level& level = at.level(i);
      const T* from = x.sample(i);
      for (std::size_t e = 0; e < dimension(); ++e) state_[e] = static_cast<double>(from[e]) / at.input_scale(i);
      if (many && products->error(state_.data(), level) <= most_error<T>) {
        if (products->take(i, state_.data(), level)) products->answer(gives_, sigma_data_, write);
      } else {
        predict_from_distances(level, components, out.sample(i));
      }
    }
    if (many) products->answer(gives_, sigma_data_, write);
  }

 private:
  // The means of all components and of the last choice of some.
  template <class U>
  struct packed_means {
    std::optional<mixture_products<U>> all, some;
    std::vector<std::size_t> chosen;

    mixture_products<U>& of(const mixture_law& law, const std::vector<std::size_t>& components, bool is_all) {
      std::optional<mixture_products<U>>& made = is_all ? all : some;
      if (made && (is_all || chosen == components)) return *made;
      if (!is_all) chosen = components;
      return made.emplace(law, components);
    }
  };

  template <class U>
  packed_means<U>& packed() {
    if constexpr (std::is_same_v<U, float>)
      return floats_;
    else
      return doubles_;
  }

  static constexpr std::size_t worth_packing = 1024;
  template <class U>
  static constexpr double most_error = std::is_same_v<U, float> ? 1e-3 : 1e-10;  // of a logit, a generous bound

  // The prediction for state_.
  template <class T>
  void predict_from_distances(const noise_level& level, const std::vector<std::size_t>& components, T* to) {
    find_shares(level, components);
    for (std::size_t e = 0; e < dimension(); ++e) {
      double sum = 0;
      for (const share& s : shares_) {
        const double mean = (*s.mean)[e];
        sum += s.of_mean * mean + s.of_rest * (state_[e] - level.alpha * mean);
      }
      to[e] = static_cast<T>(sum);
    }
  }

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
  packed_means<float> floats_;
  packed_means<double> doubles_;
};

}  // namespace noisefall
