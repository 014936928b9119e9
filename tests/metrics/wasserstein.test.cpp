#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <Eigen/Dense>

#include <noisefall/metrics/frechet.hpp>
#include <noisefall/metrics/sliced_wasserstein.hpp>
#include <noisefall/metrics/wasserstein.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "metrics/samples.hpp"

using namespace noisefall;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

TEST_CASE("Wasserstein distances of numbers have the values worked out by hand") {
  const std::vector<double> x{0, 1, 5}, y{2, 3, 2};
  CHECK_THAT(wasserstein_1(x, y), WithinRel(5.0 / 3, 1e-15));
  CHECK_THAT(wasserstein_2(x, y), WithinRel(std::sqrt(3.0), 1e-15));
}

TEST_CASE("sets of different sizes are compared by their quantiles") {
  // 0 half and 6 half, against 1, 2, 4, a third each: |0-1| for 1/3, |0-2| and |6-2| for 1/6 each, |6-4| for 1/3.
  const std::vector<double> x{6, 0}, y{4, 1, 2};
  CHECK_THAT(wasserstein_1(x, y), WithinRel(1.0 / 3 + 2.0 / 6 + 4.0 / 6 + 2.0 / 3, 1e-15));
  CHECK_THAT(wasserstein_2(x, y), WithinRel(std::sqrt(1.0 / 3 + 4.0 / 6 + 16.0 / 6 + 4.0 / 3), 1e-15));
  CHECK_THAT(wasserstein_1(y, x), WithinRel(wasserstein_1(x, y), 1e-15));
  // Numbers given twice are the same law.
  const std::vector<double> twice{6, 6, 0, 0, 0, 6};
  CHECK(wasserstein_1(x, twice) == 0);
  CHECK_THAT(wasserstein_2(twice, y), WithinRel(wasserstein_2(x, y), 1e-15));
}

TEST_CASE("the distance of order 2 of normals is that of Frechet") {
  constexpr std::size_t n = 20000;
  std::vector<double> x(n), y(n / 2);
  for (std::size_t i = 0; i < n; ++i) x[i] = normal_quantile((static_cast<double>(i) + 0.5) / n);
  for (std::size_t i = 0; i < n / 2; ++i) y[i] = 1 + 2 * normal_quantile((static_cast<double>(i) + 0.5) / (n / 2.0));
  CHECK_THAT(wasserstein_2(x, y) * wasserstein_2(x, y), WithinAbs(2.0, 2e-3));
}

TEST_CASE("a shift by D is |D|^2 / d apart on the mean of slices") {
  const std::size_t d = 5;
  const tensor<double> x = normal_rows(50, d, 1);
  tensor<double> y = x;
  double squares = 0;
  for (std::size_t e = 0; e < d; ++e) {
    const double shift = 1 + 0.5 * static_cast<double>(e);
    squares += shift * shift;
    for (std::size_t i = 0; i < 50; ++i) y[i * d + e] += shift;
  }
  CHECK_THAT(sliced_wasserstein_squared(x, y, {.directions = 20000}), WithinRel(squares / d, 0.02));
  CHECK(sliced_wasserstein_squared(x, x) == 0);
}

TEST_CASE("slices of two Gaussians are apart as worked out by hand") {
  // N(0, [[2, 1], [1, 2]]) against N(0, I): the mean of (sqrt(u.S u) - 1)^2 over directions.
  // Circles of the radii that normals have, a point every few degrees: so little is left to chance but the directions.
  constexpr std::size_t circles = 70, angles = 70, n = circles * angles;
  tensor<double> z{{n, 2}};
  for (std::size_t i = 0; i < n; ++i) {
    const double radius = std::sqrt(-2 * std::log1p(-(static_cast<double>(i / angles) + 0.5) / circles));
    const double angle = 2 * std::numbers::pi * static_cast<double>(i % angles) / angles;
    z[2 * i] = radius * std::cos(angle);
    z[2 * i + 1] = radius * std::sin(angle);
  }
  tensor<double> x = z;
  const Eigen::Matrix2d s{{2, 1}, {1, 2}}, root = s.llt().matrixL();
  for (std::size_t i = 0; i < n; ++i)
    Eigen::Map<Eigen::Vector2d>{x.data() + 2 * i} = root * Eigen::Map<const Eigen::Vector2d>{z.data() + 2 * i};
  CHECK_THAT(sliced_wasserstein_squared(x, z, {.directions = 2000, .seed = 1}), WithinAbs(0.2186869736, 0.01));
}

TEST_CASE("in one dimension a slice is the whole distance") {
  const tensor<double> x = rows_of(1, {0, 1, 5}), y = rows_of(1, {2, 3, 2}), z = rows_of(1, {2, 3});
  CHECK_THAT(sliced_wasserstein_squared(x, y, {.directions = 3}), WithinRel(3.0, 1e-14));
  const double apart = wasserstein_2(std::vector<double>{0, 1, 5}, std::vector<double>{2, 3});
  CHECK_THAT(sliced_wasserstein_squared(x, z), WithinRel(apart * apart, 1e-14));
}

TEST_CASE("slices are those of the seed: the same again, and the first of more") {
  const tensor<double> x = normal_rows(30, 4, 1), y = normal_rows(31, 4, 2);
  const auto of = [&](std::size_t directions, std::uint64_t seed) {
    return sliced_wasserstein_squared(x, y, {directions, seed}) * static_cast<double>(directions);
  };
  CHECK(of(70, 5) == of(70, 5));
  CHECK(of(70, 5) != of(70, 6));
  double last = 0;  // sums over more directions only grow
  for (std::size_t directions = 1; directions <= 70; ++directions) {
    CHECK(of(directions, 5) > last);
    last = of(directions, 5);
  }
}

TEST_CASE("what has no Wasserstein distance is refused") {
  const std::vector<double> some{1, 2}, broken{1, std::nan("")};
  CHECK(message_of([&] { wasserstein_1(some, {}); }) == "wasserstein_1: no numbers; allowed: one or more");
  CHECK(message_of([&] { wasserstein_2(broken, some); }) == "wasserstein_2: the number nan; allowed: finite numbers");
  const tensor<double> x = normal_rows(3, 2, 1);
  CHECK(message_of([&] { sliced_wasserstein_squared(x, normal_rows(3, 4, 1)); }) ==
        "sliced_wasserstein_squared: samples of 2 and of 4 elements; allowed: samples of one size");
  CHECK(message_of([&] { sliced_wasserstein_squared(x, x, {.directions = 0}); }) ==
        "slices.directions: 0; allowed: 1 or more");
  CHECK(message_of([&] {
          sliced_wasserstein_squared(x, tensor<double>{{0, 2}});
        }) == "sliced_wasserstein_squared: 0 samples; allowed: 1 or more");
}
