#include <cmath>
#include <cstddef>
#include <limits>

#include <Eigen/Dense>

#include <noisefall/metrics/frechet.hpp>
#include <noisefall/metrics/gaussian_kl.hpp>
#include <noisefall/metrics/moments.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "metrics/samples.hpp"

using namespace noisefall;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

gaussian_moments normal(double mean, double variance) {
  return {Eigen::VectorXd::Constant(1, mean), Eigen::MatrixXd::Constant(1, 1, variance)};
}

gaussian_moments plane(const Eigen::Vector2d& mean, const Eigen::Matrix2d& covariance) { return {mean, covariance}; }

Eigen::Map<const detail::row_matrix> matrix(const tensor<double>& x) {
  return {x.data(), static_cast<Eigen::Index>(x.extents().samples()),
          static_cast<Eigen::Index>(x.extents().sample_size())};
}

// A covariance of full rank, or of the rank of so many samples.
Eigen::MatrixXd covariance(std::size_t d, std::size_t rank, std::uint64_t seed) {
  const tensor<double> x = normal_rows(rank, d, seed);
  return matrix(x).transpose() * matrix(x) / static_cast<double>(rank);
}

// tr (S1 S2)^(1/2) by the book: roots of symmetric matrices through eigenvectors.
double trace_by_vectors(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> of_a{a};
  const Eigen::MatrixXd root =
      of_a.eigenvectors() * of_a.eigenvalues().cwiseMax(0).cwiseSqrt().asDiagonal() * of_a.eigenvectors().transpose();
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>{root * b * root}.eigenvalues().cwiseMax(0).cwiseSqrt().sum();
}

}  // namespace

TEST_CASE("the Frechet distance of Gaussians has the values worked out by hand") {
  CHECK_THAT(frechet_distance(normal(0, 1), normal(1, 4)), WithinRel(2.0, 1e-14));
  CHECK_THAT(frechet_distance(normal(2.25, 0.0625), normal(1.5, 1)), WithinRel(1.125, 1e-14));  // guided, A.2
  const Eigen::Matrix2d s1{{2, 1}, {1, 2}}, s2{{1, 0}, {0, 4}};
  CHECK_THAT(frechet_distance(plane({0, 0}, s1), plane({1, 2}, s2)), WithinAbs(5.7712204477, 5e-11));
  CHECK_THAT(detail::trace_of_root(s1, s2), WithinAbs(4.1143897762, 5e-11));
  CHECK_THAT(detail::trace_of_root(s1, s2), WithinRel(std::sqrt((s1 * s2).trace() + 2 * std::sqrt(12.0)), 1e-14));
}

TEST_CASE("the Frechet distance is a distance: 0 to itself, the same both ways, the shift's square apart") {
  const gaussian_moments a{Eigen::VectorXd::Zero(50), covariance(50, 200, 1)};
  gaussian_moments b{Eigen::VectorXd::Ones(50), covariance(50, 100, 2)};
  CHECK(frechet_distance(a, a) < 1e-10);
  CHECK_THAT(frechet_distance(a, b), WithinRel(frechet_distance(b, a), 1e-12));
  b.covariance = a.covariance;
  CHECK_THAT(frechet_distance(a, b), WithinRel(50.0, 1e-12));
}

TEST_CASE("the trace of the root is that found by eigenvectors, singular covariances included") {
  for (const std::size_t d : {3u, 40u, 200u, 230u}) {
    const Eigen::MatrixXd full = covariance(d, 2 * d, 3), other = covariance(d, 3 * d, 4),
                          singular = covariance(d, 2, 5);
    CAPTURE(d);
    CHECK_THAT(detail::trace_of_root(full, other), WithinRel(trace_by_vectors(full, other), 1e-12));
    CHECK_THAT(detail::trace_of_root(full, singular), WithinRel(trace_by_vectors(full, singular), 1e-5));
    CHECK_THAT(detail::trace_of_root(singular, full), WithinRel(trace_by_vectors(full, singular), 1e-5));
    CHECK(std::abs(detail::trace_of_root(Eigen::MatrixXd::Zero(3, 3), covariance(3, 3, 1))) == 0);
  }
}

TEST_CASE("moments of batches are those of all samples at once, whatever the type and the mean") {
  tensor<double> x = normal_rows(500, 7, 9);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1e6 + x[i];
  const Eigen::RowVectorXd mean = matrix(x).colwise().mean();
  const Eigen::MatrixXd centred = matrix(x).rowwise() - mean, wanted = centred.transpose() * centred / 499.0;
  sample_moments seen;
  for (const std::size_t first : {0u, 1u, 200u, 450u}) {
    const std::size_t end = first == 0 ? 1 : first == 1 ? 200 : first == 200 ? 450 : 500;
    seen.add(view<double>{x.data() + first * 7, {end - first, 7}});
  }
  seen.add(view<double>{x.data(), {0, 7}});
  CHECK(seen.count() == 500);
  CHECK((seen.get().covariance - wanted).cwiseAbs().maxCoeff() < 1e-9);
  CHECK((seen.get().mean - mean.transpose()).cwiseAbs().maxCoeff() < 1e-9);
  CHECK((moments_of(x).covariance - wanted).cwiseAbs().maxCoeff() < 1e-9);

  tensor<float> narrow{{3, 2}};
  tensor<bfloat16> narrower{{3, 2}};
  const double numbers[] = {1, 2, -3, 0.5, 4, 8};
  for (std::size_t i = 0; i < 6; ++i) {
    narrow[i] = static_cast<float>(numbers[i]);
    narrower[i] = static_cast<bfloat16>(static_cast<float>(numbers[i]));
  }
  const Eigen::MatrixXd same = moments_of(rows_of(2, {1, 2, -3, 0.5, 4, 8})).covariance;
  CHECK(moments_of(narrow).covariance == same);
  CHECK(moments_of(narrower).covariance == same);
  CHECK(moments_of(view<float>{view<bfloat16>{narrower}}).covariance == same);
}

TEST_CASE("samples and their moments have one distance, few samples included") {
  const std::size_t d = 30;
  for (const std::size_t n : {2u, 20u, 30u, 31u, 300u})
    for (const std::size_t m : {3u, 30u, 400u}) {
      tensor<double> x = normal_rows(n, d, 11), y = normal_rows(m, d, 12);
      for (std::size_t i = 0; i < y.size(); ++i) y[i] = 0.3 + 1.5 * y[i];
      const gaussian_moments of_x = moments_of(x), of_y = moments_of(y);
      const double wanted = (of_x.mean - of_y.mean).squaredNorm() + of_x.covariance.trace() + of_y.covariance.trace() -
                            2 * trace_by_vectors(of_x.covariance, of_y.covariance);
      CAPTURE(n, m);
      CHECK_THAT(frechet_distance(x, y), WithinRel(wanted, 1e-6));
      CHECK_THAT(frechet_distance(x, y), WithinRel(frechet_distance(of_x, of_y), 1e-6));
    }
}

TEST_CASE("the divergence of Gaussians has the values worked out by hand") {
  CHECK_THAT(gaussian_kl(normal(0, 1), normal(1, 4)), WithinAbs(0.4431471806, 5e-11));
  CHECK_THAT(gaussian_kl(normal(1, 4), normal(0, 1)), WithinAbs(1.3068528194, 5e-11));
  CHECK_THAT(gaussian_kl(normal(2.25, 0.0625), normal(1.5, 1)), WithinAbs(1.1987943612, 1e-10));  // guided, A.2
  CHECK(gaussian_kl(normal(0, 0), normal(1, 4)) == std::numeric_limits<double>::infinity());
}

TEST_CASE("the divergence does not change when both laws are turned and stretched") {
  const Eigen::Matrix2d a{{2, 1}, {1, 2}}, b{{1, 0.5}, {0.5, 4}}, turn{{0.3, -2}, {1.5, 0.7}};
  const Eigen::Vector2d m{1, 2}, k{-1, 0.5};
  const double before = gaussian_kl(plane(m, a), plane(k, b));
  CHECK(before > 0.1);
  CHECK_THAT(gaussian_kl(plane(turn * m, turn * a * turn.transpose()), plane(turn * k, turn * b * turn.transpose())),
             WithinRel(before, 1e-12));
}

TEST_CASE("laws and samples that have no Frechet distance are refused") {
  const gaussian_moments one = normal(0, 1), wide = plane({0, 0}, Eigen::Matrix2d::Identity());
  CHECK(message_of([&] { frechet_distance(one, wide); }) ==
        "frechet_distance: laws of 1 and of 2 elements; allowed: laws of one size");
  CHECK(message_of([&] { gaussian_kl(wide, one); }) ==
        "gaussian_kl: laws of 2 and of 1 elements; allowed: laws of one size");
  CHECK(message_of([&] {
          frechet_distance(plane({0, 0}, Eigen::Matrix2d{{1, 2}, {2, 1}}), wide);
        }) ==
        "frechet_distance: a covariance with the pivot -3.000000; allowed: a matrix that is positive semi-definite");
  CHECK(message_of([&] {
          frechet_distance(plane({0, 0}, Eigen::Matrix2d{{1, 2}, {0, 1}}), wide);
        }) == "frechet_distance: a covariance that is not symmetric; allowed: a symmetric [d, d] matrix");
  CHECK(message_of([&] { frechet_distance(normal(std::nan(""), 1), one); }) ==
        "frechet_distance: a mean or covariance that is not finite; allowed: finite elements");
  CHECK(
      message_of([&] {
        frechet_distance({Eigen::VectorXd::Zero(2), Eigen::MatrixXd::Zero(2, 3)}, one);
      }) ==
      "frechet_distance: a mean of 2 elements with a covariance of 2 x 3; allowed: d elements, one or more, and d x d");
  CHECK(message_of([&] { gaussian_kl(one, normal(0, 0)); }) ==
        "gaussian_kl: the second covariance is singular or has negative eigenvalues; allowed: a positive definite one");

  const tensor<double> good = normal_rows(4, 3, 1), other = normal_rows(4, 2, 1), single = normal_rows(1, 3, 1);
  tensor<double> broken = good;
  broken[7] = std::nan("");
  CHECK(message_of([&] { frechet_distance(good, other); }) ==
        "frechet_distance: samples of 3 and of 2 elements; allowed: samples of one size");
  CHECK(message_of([&] { frechet_distance(good, single); }) == "frechet_distance: 1 sample; allowed: 2 or more");
  CHECK(message_of([&] { frechet_distance(broken, good); }) ==
        "frechet_distance: sample 2 has the element nan; allowed: finite elements");
  CHECK(message_of([&] { moments_of(single); }) == "sample_moments: 1 sample; allowed: 2 or more");
  CHECK(message_of([&] {
          sample_moments seen;
          seen.add(good);
          seen.add(other);
        }) == "sample_moments: samples of 2 elements after such of 3; allowed: samples of one size");
}
