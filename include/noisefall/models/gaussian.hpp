// The exact predictor for Gaussian data.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Dense>

#include <noisefall/core/error.hpp>
#include <noisefall/models/network_output.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// N(mean, diag(variance)), or N(mean, covariance) if there is one. A single mean or variance stands for every element,
// of samples of any size.
struct gaussian_law {
  std::vector<double> mean{0.0}, variance{1.0};
  Eigen::MatrixXd covariance{};
};

// With v = alpha^2 variance + sigma^2 in the covariance's own axes, y the state and m its mean alpha * mean:
//   E[x0] = mean + alpha * variance / v * (y - m);   E[eps] = sigma * (y - m) / v
// The condition is the index of one of the laws, so that a conditional and an unconditional law make a guided problem
// with a known answer:
//   gaussian model{{{.mean = {1.5}}, {.variance = {4}}}, network_output::x0};
// Exact at sigma = 0 and alpha = 0 too. Computed in double, each sample by itself. `sigma_data`
// matters to edm and trigflow outputs only. No allocation per call; not for two threads at once.
class gaussian {
 public:
  using condition = std::size_t;

  explicit gaussian(std::vector<gaussian_law> laws, network_output gives = network_output::eps, double sigma_data = 0.5)
      : gives_{gives}, sigma_data_{sigma_data} {
    require(!laws.empty(), "gaussian", "no law", "one law or more");
    require(std::isfinite(sigma_data) && sigma_data > 0, "gaussian: sigma_data", std::to_string(sigma_data),
            "a finite number > 0");
    for (gaussian_law& law : laws) laws_.push_back(checked(std::move(law)));
    std::size_t largest = 0;
    for (const decomposed& law : laws_) largest = std::max(largest, law.variance.size());
    rest_.resize(static_cast<Eigen::Index>(largest));
    turned_.resize(rest_.size());
  }

  template <class T>
  void predict(view<std::type_identity_t<T>> x, const evaluation& at, std::size_t law_index, mutable_view<T> out) {
    if (law_index >= laws_.size())
      refuse("gaussian: condition", "law " + std::to_string(law_index), "0 to " + std::to_string(laws_.size() - 1));
    const decomposed& law = laws_[law_index];
    const std::size_t d = x.sample_size();
    for (const std::size_t n : {law.mean.size(), law.variance.size()})
      if (n != 1 && n != d) refuse("gaussian", "samples of " + std::to_string(d) + " elements", std::to_string(n));
    for (std::size_t i = 0; i < x.samples(); ++i) {
      const noise_level& level = at.level(i);
      const output_row row = row_of(gives_, level, sigma_data_);
      const auto rest = [&, data = x.sample(i)](std::size_t e) {
        return static_cast<double>(data[e]) / at.input_scale(i) - level.alpha * law.mean_of(e);
      };
      const auto gain = [&](std::size_t e) {
        const double s2 = law.variance_of(e), v = level.alpha * level.alpha * s2 + level.sigma * level.sigma;
        return v > 0 ? (row.x0 * level.alpha * s2 + row.q) / v : 0;
      };
      T* to = out.sample(i);
      if (law.axes.size() == 0) {
        for (std::size_t e = 0; e < d; ++e) to[e] = static_cast<T>(row.x0 * law.mean_of(e) + gain(e) * rest(e));
      } else {
        auto seen = rest_.head(law.axes.rows()), turned = turned_.head(law.axes.rows());
        for (std::size_t e = 0; e < d; ++e) seen[static_cast<Eigen::Index>(e)] = rest(e);
        turned.noalias() = law.axes.transpose() * seen;
        for (std::size_t e = 0; e < d; ++e) turned[static_cast<Eigen::Index>(e)] *= gain(e);
        seen.noalias() = law.axes * turned;
        for (std::size_t e = 0; e < d; ++e)
          to[e] = static_cast<T>(row.x0 * law.mean_of(e) + seen[static_cast<Eigen::Index>(e)]);
      }
    }
  }

 private:
  struct decomposed {
    std::vector<double> mean, variance;  // the variance along the axes
    Eigen::MatrixXd axes;                // columns; empty: the elements' own
    double mean_of(std::size_t e) const { return mean[mean.size() == 1 ? 0 : e]; }
    double variance_of(std::size_t e) const { return variance[variance.size() == 1 ? 0 : e]; }
  };

  static decomposed checked(gaussian_law law) {
    constexpr const char* where = "gaussian_law";
    decomposed made{std::move(law.mean), std::move(law.variance), {}};
    if (law.covariance.size() > 0) {
      const Eigen::Index d = law.covariance.rows();
      require(law.covariance.cols() == d && law.covariance.isApprox(law.covariance.transpose()), where,
              "a covariance that is not symmetric", "a symmetric [d, d] matrix");
      const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solved{law.covariance};
      const Eigen::VectorXd& values = solved.eigenvalues();
      require(values.minCoeff() >= -1e-12 * values.cwiseAbs().maxCoeff(), where,
              "a covariance with the eigenvalue " + std::to_string(values.minCoeff()), "eigenvalues >= 0");
      made.axes = solved.eigenvectors();
      made.variance.clear();
      for (Eigen::Index i = 0; i < d; ++i) made.variance.push_back(std::max(values[i], 0.0));
      if (made.mean.size() == 1) made.mean.assign(made.variance.size(), made.mean[0]);
    }
    const std::size_t m = made.mean.size(), v = made.variance.size();
    require(m > 0 && v > 0 && (m == v || m == 1 || v == 1), where,
            std::to_string(m) + " means, " + std::to_string(v) + " variances",
            "as many of each, or one that stands for all");
    for (const double value : made.mean)
      require(std::isfinite(value), where, "mean " + std::to_string(value), "finite means");
    for (const double value : made.variance)
      require(std::isfinite(value) && value >= 0, where, "variance " + std::to_string(value), "finite variances >= 0");
    return made;
  }

  std::vector<decomposed> laws_;
  network_output gives_;
  double sigma_data_;
  Eigen::VectorXd rest_, turned_;
};

}  // namespace noisefall
