// The predictions of a mixture of many components, for blocks of samples: two products of matrices and a softmax.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <noisefall/core/instruction_set.hpp>
#include <noisefall/models/mixture_law.hpp>
#include <noisefall/models/network_output.hpp>
#include <noisefall/models/softmax.hpp>
#include <noisefall/schedule/noise_level.hpp>

namespace noisefall {

// The components of a mixture that a condition leaves, in numbers of type U. With c the mean of the means, mu_k and y
// taken from there, and |mu_k|^2 / 2 and log w_k as further elements of the means, the logits of all components are one
// product,
//   z_k = (alpha / v) y . mu_k - (alpha^2 / v) |mu_k|^2 / 2 + log w_k,   v = alpha^2 std^2 + sigma^2,
// and the predictions another one, of the means and exp(z - max z). Where the deviations differ, z is a further pass. A
// sample's result does not depend on the others in its block: products have columns in whole eights.
template <class U>
class mixture_products {
 public:
  static constexpr std::size_t block = 64;  // samples

  mixture_products(const mixture_law& law, const std::vector<std::size_t>& components)
      : size_{law.means[0].size()}, count_{components.size()} {
    const std::size_t padded = (count_ + kernels::softmax_lanes - 1) / kernels::softmax_lanes * kernels::softmax_lanes;
    const auto rows = static_cast<Eigen::Index>(size_);
    centre_.assign(size_, 0.0);
    for (const std::size_t k : components)
      for (std::size_t e = 0; e < size_; ++e) centre_[e] += law.means[k][e] / static_cast<double>(count_);
    columns_.setZero(rows, static_cast<Eigen::Index>(padded));
    rows_.setZero(static_cast<Eigen::Index>(padded), rows + 2);
    rows_.col(rows + 1).setConstant(static_cast<U>(never));
    variances_.assign(padded, 0.0);
    log_weights_.assign(padded, never);
    for (std::size_t j = 0; j < count_; ++j) {
      const std::size_t k = components[j];
      const auto column = static_cast<Eigen::Index>(j);
      double square = 0;
      for (std::size_t e = 0; e < size_; ++e) {
        const double mean = law.means[k][e] - centre_[e];
        square += mean * mean;
        columns_(static_cast<Eigen::Index>(e), column) = static_cast<U>(mean);
      }
      farthest_ = std::max(farthest_, square);
      variances_[j] = law.deviations[k] * law.deviations[k];
      log_weights_[j] = std::log(law.weights[k]);
      rows_(column, rows) = static_cast<U>(-square / 2);
      rows_(column, rows + 1) = static_cast<U>(log_weights_[j]);
    }
    rows_.leftCols(rows) = columns_.transpose();
    const auto own = variances_.begin() + static_cast<std::ptrdiff_t>(count_);
    least_ = *std::min_element(variances_.begin(), own);
    alike_ = std::all_of(variances_.begin(), own, [this](double v) { return v == least_; });
  }

  // The components' logits have about this error in numbers of type U.
  double error(const double* state, const noise_level& at) const {
    double square = 0;
    for (std::size_t e = 0; e < size_; ++e) {
      const double y = state[e] - at.alpha * centre_[e];
      square += y * y;
    }
    const double v = at.alpha * at.alpha * least_ + at.sigma * at.sigma, mean = at.alpha * at.alpha * farthest_;
    const double size = std::sqrt(square * mean) + mean / 2 + (alike_ ? 0 : square / 2);
    return v > 0 ? size / v * static_cast<double>(std::numeric_limits<U>::epsilon())
                 : std::numeric_limits<double>::infinity();
  }

  // Takes a sample, which is the caller's index-th one, into the block; true: the block is full.
  bool take(std::size_t index, const double* state, const noise_level& at) {
    if (asked_.size() == 0) allocate();
    const auto column = static_cast<Eigen::Index>(taken_), rows = static_cast<Eigen::Index>(size_);
    const double v = at.alpha * at.alpha * least_ + at.sigma * at.sigma, factor = alike_ ? at.alpha / v : at.alpha;
    double square = 0;
    for (std::size_t e = 0; e < size_; ++e) {
      const double y = state[e] - at.alpha * centre_[e];
      square += y * y;
      states_[taken_ * size_ + e] = y;
      asked_(static_cast<Eigen::Index>(e), column) = static_cast<U>(factor * y);
    }
    asked_(rows, column) = static_cast<U>(factor * at.alpha);
    asked_(rows + 1, column) = alike_ ? U{1} : U{0};
    samples_[taken_] = {index, at, square};
    return ++taken_ == block;
  }

  // Predicts the samples taken, and hands out elements: write(index, element, value).
  template <class Write>
  void answer(network_output gives, double sigma_data, const Write& write) {
    if (taken_ == 0) return;
    constexpr std::size_t eight = 8;
    const auto columns = static_cast<Eigen::Index>((taken_ + eight - 1) / eight * eight);
    multiply(rows_, asked_, columns, shares_);
    for (std::size_t i = 0; i < taken_; ++i) weigh(i, gives, sigma_data);
    multiply(columns_, shares_, columns, means_);
    for (std::size_t i = 0; i < taken_; ++i) {
      const sample& s = samples_[i];
      const U* const mean = means_.data() + i * size_;
      const double* const y = states_.data() + i * size_;
      for (std::size_t e = 0; e < size_; ++e)
        write(s.index, e, s.of_centre * centre_[e] + s.of_mean * static_cast<double>(mean[e]) + s.of_state * y[e]);
    }
    taken_ = 0;
  }

 private:
  static constexpr double never = -1e30;  // the logit of columns that pad

  struct sample {
    std::size_t index;
    noise_level at;
    double square, of_centre = 0, of_mean = 0, of_state = 0;
  };

  using matrix = Eigen::Matrix<U, Eigen::Dynamic, Eigen::Dynamic>;

  // The first columns of a * b. Both products come here, because each kind of product costs the compiler seconds.
  static void multiply(const matrix& a, const matrix& b, Eigen::Index columns, matrix& to) {
    Eigen::Map<matrix>(to.data(), to.rows(), columns).noalias() =
        a * Eigen::Map<const matrix>(b.data(), b.rows(), columns);
  }

  void allocate() {
    constexpr auto columns = static_cast<Eigen::Index>(block);
    asked_.setZero(rows_.cols(), columns);
    shares_.resize(rows_.rows(), columns);
    means_.resize(columns_.rows(), columns);
    states_.resize(block * size_);
  }

  // Turns logits into shares.
  void weigh(std::size_t i, network_output gives, double sigma_data) {
    sample& s = samples_[i];
    U* const z = shares_.data() + static_cast<Eigen::Index>(i) * shares_.rows();
    const std::size_t n = variances_.size();
    const double square_of_alpha = s.at.alpha * s.at.alpha, square_of_sigma = s.at.sigma * s.at.sigma;
    const output_row row = row_of(gives, s.at, sigma_data);
    const auto gain = [&](double variance) {
      return (row.x0 * s.at.alpha * variance + row.q) / (square_of_alpha * variance + square_of_sigma);
    };
    U sum = 0;
    if (alike_) {
      kernels::run_widest<kernels::exponentials>(z, n, &sum);
      s.of_state = gain(least_);
      s.of_mean = (row.x0 - s.at.alpha * s.of_state) / static_cast<double>(sum);
    } else {
      for (std::size_t k = 0; k < count_; ++k) {
        const double v = square_of_alpha * variances_[k] + square_of_sigma;
        z[k] = static_cast<U>((static_cast<double>(z[k]) - s.square / 2) / v -
                              static_cast<double>(size_) / 2 * std::log(v) + log_weights_[k]);
      }
      std::fill(z + count_, z + n, static_cast<U>(never));
      kernels::run_widest<kernels::exponentials>(z, n, &sum);
      for (std::size_t k = 0; k < count_; ++k) {
        const double here = gain(variances_[k]), share = static_cast<double>(z[k]) / static_cast<double>(sum);
        s.of_state += share * here;
        z[k] = static_cast<U>(share * (row.x0 - s.at.alpha * here));
      }
      s.of_mean = 1;
    }
    s.of_centre = row.x0;
  }

  std::size_t size_, count_, taken_ = 0;
  std::vector<double> centre_, variances_, log_weights_;
  double farthest_ = 0, least_ = 0;  // |mu|^2, variance
  bool alike_ = true;
  matrix rows_, columns_;          // [components, elements and two more], [elements, components]
  matrix asked_, shares_, means_;  // of a block
  std::vector<double> states_;
  std::array<sample, block> samples_;
};

}  // namespace noisefall
