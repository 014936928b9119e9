#include <cstddef>
#include <cstring>
#include <vector>

#include <Eigen/Dense>

#include <noisefall/metrics/products.hpp>
#include <noisefall/metrics/symmetric_eigenvalues.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "metrics/samples.hpp"

using namespace noisefall;
using kernels::instruction_set;

namespace {

std::vector<instruction_set> sets() {
  std::vector<instruction_set> all;
  for (const instruction_set set :
       {instruction_set::portable, instruction_set::neon, instruction_set::avx2, instruction_set::avx512})
    if (kernels::has(set)) all.push_back(set);
  return all;
}

Eigen::Map<const detail::row_matrix> matrix(const tensor<double>& x) {
  return {x.data(), static_cast<Eigen::Index>(x.extents().samples()),
          static_cast<Eigen::Index>(x.extents().sample_size())};
}

detail::row_matrix symmetric(Eigen::Index n, std::uint64_t seed) {
  const tensor<double> x = normal_rows(static_cast<std::size_t>(n), static_cast<std::size_t>(n), seed);
  return matrix(x) + matrix(x).transpose();
}

}  // namespace

TEST_CASE("products of rows are those of matrices, for every instruction set and every size") {
  for (const instruction_set set : sets())
    for (const auto& [n, m, d] : {std::array<std::size_t, 3>{1, 1, 1},
                                  {6, 16, 192},
                                  {7, 17, 193},
                                  {100, 300, 5},
                                  {97, 257, 400},
                                  {5, 3, 1000}}) {
      const tensor<double> a = normal_rows(n, d, 1), b = normal_rows(m, d, 2);
      detail::row_matrix c =
          detail::row_matrix::Constant(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(m), 1);
      kernels::row_products{set}.add({a.data(), d}, n, {b.data(), d}, m, 0, d, -2, c.data(), m);
      const detail::row_matrix wanted = (1 - 2 * (matrix(a) * matrix(b).transpose()).array()).matrix();
      CAPTURE(static_cast<int>(set), n, m, d);
      CHECK((c - wanted).cwiseAbs().maxCoeff() < 1e-11);
    }
}

TEST_CASE("columns are rows with strides, and parts of rows may be left out") {
  const std::size_t d = 250, n = 41;
  const tensor<double> a = normal_rows(d, n, 3);
  detail::row_matrix c = detail::row_matrix::Zero(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(n));
  kernels::row_products{}.add({a.data(), 1, n}, n, {a.data(), 1, n}, n, 20, 230, 1, c.data(), n);
  const auto part = matrix(a).middleRows(20, 210);
  CHECK((c - part.transpose() * part).cwiseAbs().maxCoeff() < 1e-11);
}

TEST_CASE("a lower triangle that is wanted is all there") {
  const std::size_t n = 530, d = 30;
  const tensor<double> a = normal_rows(n, d, 4);
  detail::row_matrix all = detail::row_matrix::Zero(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(n));
  detail::row_matrix lower = all;
  kernels::row_products products;
  products.add({a.data(), d}, n, {a.data(), d}, n, 0, d, 1, all.data(), n);
  products.add({a.data(), d}, n, {a.data(), d}, n, 0, d, 1, lower.data(), n, kernels::wanted::lower);
  const detail::row_matrix apart = (all - lower).triangularView<Eigen::Lower>();
  CHECK(apart.cwiseAbs().maxCoeff() == 0);
  CHECK((all - lower).cwiseAbs().maxCoeff() > 0);  // and what is not wanted is not made
}

TEST_CASE("the product of two rows has the same bits wherever they stand, and either way round") {
  const std::size_t n = 203, d = 401;
  tensor<double> a = normal_rows(n, d, 5);
  std::memcpy(a.data() + 200 * d, a.data() + 3 * d, d * sizeof(double));
  std::vector<double> c(n * n), moved(1);
  for (const instruction_set set : sets()) {
    kernels::row_products products{set};
    std::fill(c.begin(), c.end(), 0.0);
    products.add({a.data(), d}, n, {a.data(), d}, n, 0, d, 1, c.data(), n);
    std::size_t differ = 0;
    for (std::size_t i = 0; i < n; ++i) {
      differ += c[i * n + 3] != c[i * n + 200];
      for (std::size_t j = 0; j < n; ++j) differ += c[i * n + j] != c[j * n + i];
    }
    CHECK(differ == 0);
    moved[0] = 0;
    products.add({a.data() + 77 * d, d}, 1, {a.data() + 130 * d, d}, 1, 0, d, 1, moved.data(), 1);
    CHECK(moved[0] == c[77 * n + 130]);
  }
}

TEST_CASE("the product of a symmetric matrix and a vector needs its lower triangle only") {
  for (const instruction_set set : sets())
    for (const Eigen::Index n : {1, 2, 3, 4, 5, 13, 64, 101}) {
      detail::row_matrix a = symmetric(n, 6);
      const Eigen::VectorXd x = matrix(normal_rows(static_cast<std::size_t>(n), 1, 7)), wanted = a * x;
      a.triangularView<Eigen::StrictlyUpper>().setConstant(std::nan(""));
      Eigen::VectorXd y = Eigen::VectorXd::Constant(n, 100);
      const auto size = static_cast<std::size_t>(n);
      kernels::symmetric_product(set, a.data(), size, size, x.data(), y.data());
      CAPTURE(static_cast<int>(set), n);
      CHECK((y - wanted).cwiseAbs().maxCoeff() < 1e-12);
    }
}

TEST_CASE("eigenvalues are those that Eigen finds") {
  for (const Eigen::Index n : {1, 2, 3, 5, 31, 32, 33, 34, 65, 200}) {
    detail::row_matrix a = symmetric(n, 8);
    const Eigen::VectorXd wanted =
        Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>{Eigen::MatrixXd{a}, Eigen::EigenvaluesOnly}.eigenvalues();
    a.triangularView<Eigen::StrictlyUpper>().setConstant(7);
    CAPTURE(n);
    CHECK((symmetric_eigenvalues(a) - wanted).cwiseAbs().maxCoeff() < 1e-13 * (1 + wanted.cwiseAbs().maxCoeff()));
    CHECK((symmetric_eigenvalues(1e-200 * a) * 1e200 - wanted).cwiseAbs().maxCoeff() <
          1e-13 * (1 + wanted.cwiseAbs().maxCoeff()));
  }
}

TEST_CASE("matrices with nothing to reduce have their eigenvalues, too") {
  const detail::row_matrix diagonal = Eigen::Vector4d{3, -1, 0, 2}.asDiagonal();
  CHECK((symmetric_eigenvalues(diagonal) - Eigen::Vector4d{-1, 0, 2, 3}).cwiseAbs().maxCoeff() < 1e-15);
  CHECK(symmetric_eigenvalues(detail::row_matrix::Zero(40, 40)).cwiseAbs().maxCoeff() == 0);
  const Eigen::VectorXd ones = symmetric_eigenvalues(detail::row_matrix::Constant(50, 50, 1));
  CHECK(std::abs(ones[49] - 50) < 1e-12);
  CHECK(ones.head(49).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("eigenvalues of what has none are refused") {
  CHECK(message_of([] { symmetric_eigenvalues(detail::row_matrix::Zero(2, 3)); }) ==
        "symmetric_eigenvalues: a matrix of 2 x 3; allowed: a square one");
  CHECK(message_of([] { symmetric_eigenvalues(detail::row_matrix::Constant(2, 2, std::nan(""))); }) ==
        "symmetric_eigenvalues: an element that is not finite; allowed: finite elements");
}
