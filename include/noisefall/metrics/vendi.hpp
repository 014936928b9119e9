// The Vendi score: how many different samples there are in effect.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <noisefall/core/error.hpp>
#include <noisefall/metrics/products.hpp>
#include <noisefall/metrics/sample_rows.hpp>
#include <noisefall/metrics/symmetric_eigenvalues.hpp>

namespace noisefall {

namespace detail {

inline void check_vendi_order(double order) {
  require(order > 0, "vendi_score: order", {order}, "above 0, infinity among them");
}

// exp of the Renyi entropy of eigenvalues that sum to 1.
inline double effective_number(const Eigen::VectorXd& values, double order) {
  const Eigen::ArrayXd p = values.array().max(0) / values.array().max(0).sum();
  if (std::isinf(order)) return 1 / p.maxCoeff();
  if (order == 1) return std::exp(-p.unaryExpr([](double l) { return l > 0 ? l * std::log(l) : 0; }).sum());
  return std::pow(p.unaryExpr([order](double l) { return l > 0 ? std::pow(l, order) : 0; }).sum(), 1 / (1 - order));
}

}  // namespace detail

// With l the eigenvalues of K / n, K the similarities of n samples (k(x, x) = 1):
//   order 1: exp(-sum l log l)   the Vendi score                       Friedman and Dieng, arXiv:2210.02410
//   order q: (sum l^q)^(1/(1-q))                                       Pasarkar and Dieng, arXiv:2310.12952
//   order 2: 1 / sum l^2 = n^2 / sum K_ij^2, no eigenvalues: RKE       Jalali, Li, Farnia, NeurIPS 2023
// From 1 (all alike) to n (nothing in common). Larger orders see frequent kinds more, smaller ones rare ones. It grows
// with n, slowest at large orders: compare equal n only. Throws unless K is symmetric with ones on its diagonal (up to
// 1e-6), has no eigenvalue below -1e-6 n, and order > 0. Cost: 4/3 n^3, for order 2 n^2.
inline double vendi_score(const Eigen::MatrixXd& similarities, double order = 1) {
  constexpr const char* where = "vendi_score";
  constexpr double tolerance = 1e-6;
  detail::check_vendi_order(order);
  const Eigen::Index n = similarities.rows();
  require(n > 0 && similarities.cols() == n, where, {"similarities of ", n, " x ", similarities.cols()},
          "a square matrix of one row or more");
  require(similarities.allFinite(), where, "a similarity that is not finite", "finite similarities");
  require((similarities - similarities.transpose()).cwiseAbs().maxCoeff() <= tolerance, where,
          "similarities that are not symmetric", "a symmetric matrix");
  require((similarities.diagonal().array() - 1).abs().maxCoeff() <= tolerance, where,
          "a sample whose similarity to itself is not 1", "ones on the diagonal");
  if (order == 2) return static_cast<double>(n) * static_cast<double>(n) / similarities.squaredNorm();
  const Eigen::VectorXd values = symmetric_eigenvalues(similarities);
  require(values[0] >= -tolerance * static_cast<double>(n), where, {"similarities with the eigenvalue ", values[0]},
          "a kernel that is positive semi-definite");
  return detail::effective_number(values, order);
}

// The same with cosine similarities x.y / (|x| |y|), of samples none of which is 0. Works on the smaller of the [n, n]
// and the [d, d] matrix, which share their eigenvalues. Cost: n d min(n, d) + 4/3 min(n, d)^3, for order 2 without the
// second.
inline double vendi_score(const sample_rows& x, double order = 1) {
  detail::check_vendi_order(order);
  x.check("vendi_score", 1);
  const std::size_t n = x.count(), d = x.size(), side = std::min(n, d);
  const auto read_directions = [&](std::size_t first, std::size_t count, double* to) {
    x.read(first, count, to);
    for (std::size_t i = 0; i < count; ++i) {
      const Eigen::Map<Eigen::VectorXd> row{to + i * d, static_cast<Eigen::Index>(d)};
      const double norm = row.stableNorm();
      require(norm > 0, "vendi_score", {"sample ", first + i, " is 0"}, "samples with a direction");
      Eigen::Map<Eigen::VectorXd>{to + i * d, row.size()} /= norm;
    }
  };
  kernels::row_products products;
  const auto size = static_cast<Eigen::Index>(side);
  detail::row_matrix shared = detail::row_matrix::Zero(size, size);
  if (n <= d) {
    std::vector<double> rows(n * d);
    read_directions(0, n, rows.data());
    products.add({rows.data(), d}, n, {rows.data(), d}, n, 0, d, 1, shared.data(), side, kernels::wanted::lower);
  } else {
    constexpr std::size_t block = 192;
    std::vector<double> rows(std::min(block, n) * d);
    for (std::size_t first = 0; first < n; first += block) {
      const std::size_t count = std::min(block, n - first);
      read_directions(first, count, rows.data());
      const kernels::strided_rows columns{rows.data(), 1, d};
      products.add(columns, d, columns, d, 0, count, 1, shared.data(), side, kernels::wanted::lower);
    }
  }
  if (order == 2) {
    const double below = shared.triangularView<Eigen::StrictlyLower>().toDenseMatrix().squaredNorm();
    return static_cast<double>(n) * static_cast<double>(n) / (2 * below + shared.diagonal().squaredNorm());
  }
  return detail::effective_number(symmetric_eigenvalues(std::move(shared)), order);
}

}  // namespace noisefall
