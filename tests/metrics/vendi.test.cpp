#include <cmath>
#include <cstddef>
#include <limits>

#include <noisefall/metrics/vendi.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "metrics/samples.hpp"

using namespace noisefall;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

// Ones on the diagonal, `other` elsewhere.
Eigen::MatrixXd alike(Eigen::Index n, double other) {
  Eigen::MatrixXd k = Eigen::MatrixXd::Constant(n, n, other);
  k.diagonal().setOnes();
  return k;
}

Eigen::MatrixXd two_equal_and_one_far() {
  Eigen::MatrixXd k = Eigen::MatrixXd::Identity(3, 3);
  k(0, 1) = k(1, 0) = 1;
  return k;
}

Eigen::MatrixXd cosines(const tensor<double>& x) {
  const auto n = static_cast<Eigen::Index>(x.extents().samples()), d = static_cast<Eigen::Index>(x.size()) / n;
  const Eigen::Map<const detail::row_matrix> rows{x.data(), n, d};
  const Eigen::MatrixXd directions = rows.rowwise().normalized();
  return directions * directions.transpose();
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("the Vendi score has the values worked out by hand") {
  CHECK_THAT(vendi_score(alike(2, 0.5)), WithinAbs(1.7547653506, 5e-11));
  CHECK_THAT(vendi_score(alike(3, 0.5)), WithinAbs(2.3811015780, 5e-11));
  CHECK_THAT(vendi_score(two_equal_and_one_far()), WithinAbs(1.8898815748, 5e-11));
}

TEST_CASE("the Vendi score of order 2 has the values worked out by hand") {
  CHECK_THAT(vendi_score(alike(2, 0.5), 2), WithinRel(1.6, 1e-14));
  CHECK_THAT(vendi_score(alike(3, 0.5), 2), WithinRel(2.0, 1e-14));
  CHECK_THAT(vendi_score(two_equal_and_one_far(), 2), WithinRel(1.8, 1e-14));
}

TEST_CASE("the score counts from 1, all alike, to n, nothing in common, at every order") {
  for (const double order : {0.1, 0.5, 1.0, 1.5, 2.0, 3.0, infinity}) {
    CAPTURE(order);
    CHECK_THAT(vendi_score(alike(7, 0), order), WithinRel(7.0, 1e-10));
    CHECK_THAT(vendi_score(alike(7, 1), order),
               WithinAbs(1.0, order < 0.5 ? 0.1 : 1e-6));  // such an order sees rounding
    CHECK_THAT(
        vendi_score(rows_of(2, {1, 0, 0, 2, 3, 0}), order),  // two of one kind, one of another
        WithinRel(order == 1          ? 1.8898815748423097
                  : order == 2        ? 1.8
                  : order == infinity ? 1.5
                                      : std::pow(std::pow(2.0 / 3, order) + std::pow(1.0 / 3, order), 1 / (1 - order)),
                  1e-12));
  }
}

TEST_CASE("orders near 1 tend to order 1, and order 2 needs no eigenvalues") {
  const Eigen::MatrixXd k = cosines(normal_rows(20, 4, 1));
  CHECK_THAT(vendi_score(k, 1 + 1e-7), WithinRel(vendi_score(k), 1e-5));
  CHECK_THAT(vendi_score(k, 2 + 1e-9), WithinRel(vendi_score(k, 2), 1e-7));
  CHECK(vendi_score(k, 0.5) > vendi_score(k));
  CHECK(vendi_score(k) > vendi_score(k, 2));
  CHECK(vendi_score(k, 2) > vendi_score(k, infinity));
}

TEST_CASE("samples are scored by their cosines, more of them than elements or fewer") {
  for (const auto& [n, d] : {std::pair<std::size_t, std::size_t>{5, 40}, {40, 5}, {12, 12}, {400, 3}, {1, 4}})
    for (const double order : {1.0, 2.0, 4.0}) {
      const tensor<double> x = normal_rows(n, d, 2);
      CAPTURE(n, d, order);
      CHECK_THAT(vendi_score(x, order), WithinRel(vendi_score(cosines(x), order), 1e-9));
    }
}

TEST_CASE("similarities and samples that cannot be scored are refused") {
  Eigen::MatrixXd skew = alike(3, 0.2), half = alike(3, 0.2), broken = alike(2, 0);
  skew(0, 1) = 0.3;
  half(1, 1) = 0.5;
  broken(0, 1) = broken(1, 0) = std::nan("");
  CHECK(message_of([&] { vendi_score(skew); }) ==
        "vendi_score: similarities that are not symmetric; allowed: a symmetric matrix");
  CHECK(message_of([&] { vendi_score(half); }) ==
        "vendi_score: a sample whose similarity to itself is not 1; allowed: ones on the diagonal");
  CHECK(message_of([&] { vendi_score(broken); }) ==
        "vendi_score: a similarity that is not finite; allowed: finite similarities");
  CHECK(message_of([&] { vendi_score(Eigen::MatrixXd{Eigen::MatrixXd::Zero(2, 3)}); }) ==
        "vendi_score: similarities of 2 x 3; allowed: a square matrix of one row or more");
  CHECK(message_of([&] { vendi_score(alike(2, 3)); }) ==
        "vendi_score: similarities with the eigenvalue -2.000000; allowed: a kernel that is positive semi-definite");
  CHECK(message_of([&] { vendi_score(alike(2, 0), 0); }) ==
        "vendi_score: order: 0.000000; allowed: above 0, infinity among them");
  CHECK(message_of([&] {
          vendi_score(rows_of(2, {1, 2, 0, 0}));
        }) == "vendi_score: sample 1 is 0; allowed: samples with a direction");
  CHECK(message_of([&] {
          vendi_score(rows_of(2, {1, std::nan("")}));
        }) == "vendi_score: sample 0 has the element nan; allowed: finite elements");
}
