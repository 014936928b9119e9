// Mean and covariance of samples, batch by batch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <noisefall/core/error.hpp>
#include <noisefall/metrics/products.hpp>
#include <noisefall/metrics/sample_rows.hpp>

namespace noisefall {

// A Gaussian law N(mean, covariance), or what is known of any law of that mean and covariance.
struct gaussian_moments {
  Eigen::VectorXd mean;        // [d]
  Eigen::MatrixXd covariance;  // [d, d]

  // Throws unless the sizes fit, d > 0, all is finite, and the covariance is symmetric up to 1e-8 of its largest
  // element (files of statistics are often written in float).
  void check(const char* where) const {
    const Eigen::Index d = mean.size();
    require(d > 0 && covariance.rows() == d && covariance.cols() == d, where,
            {"a mean of ", d, " elements with a covariance of ", covariance.rows(), " x ", covariance.cols()},
            "d elements, one or more, and d x d");
    require(mean.allFinite() && covariance.allFinite(), where, "a mean or covariance that is not finite",
            "finite elements");
    require(asymmetry() <= 1e-8 * covariance.cwiseAbs().maxCoeff(), where, "a covariance that is not symmetric",
            "a symmetric [d, d] matrix");
  }

 private:
  // Block by block: a row of a large matrix is far from one place in memory.
  double asymmetry() const {
    constexpr Eigen::Index block = 32;
    const Eigen::Index d = mean.size();
    double largest = 0;
    for (Eigen::Index i = 0; i < d; i += block)
      for (Eigen::Index j = 0; j <= i; j += block) {
        const Eigen::Index n = std::min(block, d - i), m = std::min(block, d - j);
        const auto apart = covariance.block(i, j, n, m) - covariance.block(j, i, m, n).transpose();
        largest = std::max(largest, apart.cwiseAbs().maxCoeff());
      }
    return largest;
  }
};

// Mean and covariance (divided by n - 1, as numpy.cov does) of samples that come in batches:
//   nf::sample_moments seen;
//   for (...) seen.add(features);        // [B, d]
//   nf::frechet_distance(seen.get(), reference);
// Sums are taken around the first batch's mean, so that a large mean costs no digits. Memory d^2; d^2 n operations.
class sample_moments {
 public:
  void add(const sample_rows& x) {
    if (x.count() == 0) return;
    require(count_ == 0 || x.size() == shift_.size(), "sample_moments",
            {"samples of ", x.size(), " elements after such of ", shift_.size()}, "samples of one size");
    x.check("sample_moments", 1);
    const std::size_t d = x.size(), most = std::min(x.count(), block);
    if (count_ == 0) {
      shift_ = mean_of(x);
      sum_.assign(d, 0);
      products_of_.setZero(static_cast<Eigen::Index>(d), static_cast<Eigen::Index>(d));
    }
    std::vector<double> rows(most * d);
    for (std::size_t first = 0; first < x.count(); first += block) {
      const std::size_t n = std::min(block, x.count() - first);
      x.read(first, n, rows.data());
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t e = 0; e < d; ++e) sum_[e] += rows[i * d + e] -= shift_[e];
      const kernels::strided_rows columns{rows.data(), 1, d};
      products_.add(columns, d, columns, d, 0, n, 1, products_of_.data(), d, kernels::wanted::lower);
    }
    count_ += x.count();
  }

  std::size_t count() const { return count_; }

  // Throws before there are two samples.
  gaussian_moments get() const {
    require(count_ >= 2, "sample_moments", {count_, count_ == 1 ? " sample" : " samples"}, "2 or more");
    const double n = static_cast<double>(count_);
    const Eigen::Map<const Eigen::VectorXd> sum{sum_.data(), products_of_.rows()}, shift{shift_.data(), sum.size()};
    // Written row by row and read column by column: the lower triangle is Eigen's upper one.
    Eigen::MatrixXd covariance = products_of_.selfadjointView<Eigen::Upper>();
    covariance.noalias() -= sum * (sum.transpose() / n);
    covariance /= n - 1;
    return {shift + sum / n, std::move(covariance)};
  }

 private:
  static constexpr std::size_t block = 192;

  std::size_t count_ = 0;
  std::vector<double> shift_, sum_;
  Eigen::MatrixXd products_of_;
  kernels::row_products products_;
};

// Those of one batch, of two samples or more.
inline gaussian_moments moments_of(const sample_rows& x) {
  sample_moments all;
  all.add(x);
  return all.get();
}

}  // namespace noisefall
