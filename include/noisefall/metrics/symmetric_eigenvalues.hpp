// The eigenvalues of a symmetric matrix, without its vectors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <noisefall/core/error.hpp>
#include <noisefall/core/instruction_set.hpp>
#include <noisefall/metrics/products.hpp>

namespace noisefall {

namespace detail {

using row_matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Householder's reduction to three diagonals, in panels of columns: half of its work is one product of the matrix and a
// vector per column, the other half one product of matrices per panel.
class three_diagonals {
 public:
  // The triangle on and below the diagonal counts. It is used up.
  explicit three_diagonals(row_matrix& a)
      : a_{a}, n_{a.rows()}, v_(n_, panel), w_(n_, panel), main(n_), beside(std::max<Eigen::Index>(n_ - 1, 0)) {
    for (Eigen::Index start = 0; start < n_; start += panel) {
      const Eigen::Index count = std::min(panel, n_ - start);
      for (Eigen::Index j = 0; j < count; ++j) reduce(start + j, j);
      update(start + count, count);
    }
  }

 private:
  static constexpr Eigen::Index panel = 32;

  // Column p, the j-th of its panel. With its reflection 1 - tau v v^T, the rest of the matrix becomes
  // A - v w^T - w v^T, w = tau A v - tau^2 / 2 (v^T A v) v.
  void reduce(Eigen::Index p, Eigen::Index j) {
    const Eigen::Index below = n_ - p - 1;
    Eigen::VectorXd column = a_.col(p).tail(below + 1);
    column.noalias() -= v_.block(p, 0, below + 1, j) * w_.row(p).head(j).transpose();
    column.noalias() -= w_.block(p, 0, below + 1, j) * v_.row(p).head(j).transpose();
    main[p] = column[0];
    if (below == 0) return;
    v_.col(j).setZero();
    w_.col(j).setZero();
    const double first = column[1], rest = column.tail(below - 1).norm();
    beside[p] = rest == 0 ? first : -std::copysign(std::hypot(first, rest), first);
    if (rest == 0) return;
    auto v = v_.col(j).tail(below), w = w_.col(j).tail(below);
    v = column.tail(below) / (first - beside[p]);
    v[0] = 1;
    const double tau = (beside[p] - first) / beside[p];
    const auto stride = static_cast<std::size_t>(n_);
    kernels::symmetric_product(set_, a_.data() + (p + 1) * (n_ + 1), stride, static_cast<std::size_t>(below), v.data(),
                               w.data());
    const auto earlier_v = v_.block(p + 1, 0, below, j), earlier_w = w_.block(p + 1, 0, below, j);
    w.noalias() -= earlier_v * (earlier_w.transpose() * v);
    w.noalias() -= earlier_w * (earlier_v.transpose() * v);
    w *= tau;
    w -= (0.5 * tau * w.dot(v)) * v;
  }

  // Takes the panel's v w^T + w v^T from the matrix that begins at row `start`.
  void update(Eigen::Index start, Eigen::Index count) {
    if (start >= n_) return;
    const Eigen::Index rest = n_ - start;
    const auto n = static_cast<std::size_t>(n_), rows = static_cast<std::size_t>(rest);
    row_matrix both(rest, 2 * count), turned(rest, 2 * count);
    both << v_.block(start, 0, rest, count), w_.block(start, 0, rest, count);
    turned << w_.block(start, 0, rest, count), v_.block(start, 0, rest, count);
    const auto depth = static_cast<std::size_t>(2 * count);
    products_.add({both.data(), depth}, rows, {turned.data(), depth}, rows, 0, depth, -1, a_.data() + start * (n_ + 1),
                  n, kernels::wanted::lower);
  }

  row_matrix& a_;
  Eigen::Index n_;
  Eigen::MatrixXd v_, w_;
  kernels::row_products products_;
  kernels::instruction_set set_ = kernels::widest_instruction_set();

 public:
  Eigen::VectorXd main, beside;
};

}  // namespace detail

// Ascending. Only the triangle on and below the diagonal is looked at, and must be finite. Each is exact to about 1e-14
// of the largest. Cost: 4/3 n^3 multiplications and additions, half of them at the speed of memory.
inline Eigen::VectorXd symmetric_eigenvalues(detail::row_matrix a) {
  require(a.rows() == a.cols() && a.rows() > 0, "symmetric_eigenvalues", {"a matrix of ", a.rows(), " x ", a.cols()},
          "a square one");
  const double largest = a.triangularView<Eigen::Lower>().toDenseMatrix().cwiseAbs().maxCoeff();
  require(std::isfinite(largest), "symmetric_eigenvalues", "an element that is not finite", "finite elements");
  if (largest == 0) return Eigen::VectorXd::Zero(a.rows());
  a /= largest;
  const detail::three_diagonals of{a};
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solved;
  solved.computeFromTridiagonal(of.main, of.beside, Eigen::EigenvaluesOnly);
  require(solved.info() == Eigen::Success, "symmetric_eigenvalues", "the iteration does not converge",
          "finite elements");
  return solved.eigenvalues() * largest;
}

}  // namespace noisefall
