#include "catch.hpp"

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <vector>

#include <noisefall/random/brownian.hpp>

#include "random/moments.hpp"

using namespace noisefall;
using sizes = std::initializer_list<std::size_t>;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T = double>
std::vector<T> between(double from, double to, std::size_t samples, std::size_t d, std::uint64_t first_sample = 0) {
  std::vector<T> out(samples * d);
  brownian_path{17}.fill(std::span<T>{out}, d, {.first_sample = first_sample, .step = 1, .from = from, .to = to});
  return out;
}

double clock(double rho) { return std::isinf(rho) ? 1 : rho / (1 + rho); }

}  // namespace

TEST_CASE("increments of a Brownian path over adjoining intervals add up to the increment over both") {
  const double levels[] = {infinity, 80, 14.6, 3.3, 1, 0.5, 0.4999, 0.03, 0.002, 0};
  for (std::size_t i = 0; i + 2 < std::size(levels); ++i) {
    const double a = clock(levels[i]), b = clock(levels[i + 1]), c = clock(levels[i + 2]);
    const auto ab = between(levels[i], levels[i + 1], 3, 65), bc = between(levels[i + 1], levels[i + 2], 3, 65),
               ac = between(levels[i], levels[i + 2], 3, 65);
    double worst = 0;
    for (std::size_t e = 0; e < ab.size(); ++e)
      worst =
          std::max(worst, std::abs((std::sqrt(a - b) * ab[e] + std::sqrt(b - c) * bc[e]) / std::sqrt(a - c) - ac[e]));
    CHECK(worst < 2e-5);
  }
}

TEST_CASE("a refined trajectory sees the same Brownian path") {
  const std::size_t steps = 32;
  std::vector<double> sum(200);
  for (std::size_t k = 0; k < steps; ++k) {
    const auto rho = [&](std::size_t i) { return 20.0 * static_cast<double>(steps - i) / static_cast<double>(steps); };
    const auto z = between(rho(k), rho(k + 1), 2, 100);
    for (std::size_t e = 0; e < z.size(); ++e) sum[e] += std::sqrt(clock(rho(k)) - clock(rho(k + 1))) * z[e];
  }
  const auto whole = between(20, 0, 2, 100);
  for (std::size_t e = 0; e < whole.size(); ++e)
    CHECK_THAT(sum[e], Catch::Matchers::WithinAbs(std::sqrt(clock(20)) * whole[e], 1e-6));
}

TEST_CASE("increments of a Brownian path are standard normals, wherever and however long the interval is") {
  for (const auto& [from, to] : {std::pair{infinity, 0.0}, std::pair{80.0, 60.0}, std::pair{1.0, 0.3},
                                 std::pair{0.5001, 0.5}, std::pair{0.002, 0.0}, std::pair{0.3 + 1e-11, 0.3}}) {
    const auto z = between<float>(from, to, 100, 400);
    CHECK(test::standard_scores(std::span<const float>{z}).worst() < 4);
    CHECK(test::kolmogorov_smirnov(std::span<const float>{z}) < 1.95);
  }
}

TEST_CASE("increments of a Brownian path over disjoint intervals are independent") {
  const double levels[] = {infinity, 9, 1.5, 1.4, 0.2, 0};
  std::vector<std::vector<double>> z;
  for (std::size_t i = 0; i + 1 < std::size(levels); ++i) z.push_back(between(levels[i], levels[i + 1], 100, 400));
  for (std::size_t i = 0; i < z.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      CHECK(std::abs(test::correlation_score(std::span<const double>{z[i]}, std::span<const double>{z[j]})) < 4);
}

TEMPLATE_TEST_CASE("a sample's Brownian path does not depend on its batch", "", float, double) {
  for (const std::size_t d : sizes{1, 2, 63, 64, 65, 112, 784}) {
    const auto all = between<TestType>(2, 1, 7, d, 3);
    const auto one = between<TestType>(2, 1, 1, d, 3 + 5);
    CHECK(std::equal(one.begin(), one.end(), all.begin() + static_cast<std::ptrdiff_t>(5 * d)));
  }
}

TEST_CASE("noise that is added back is fresh, not the path again") {
  const auto there = between(3, 1, 2, 70), back = between(1, 3, 2, 70);
  std::vector<double> fresh(2 * 70);
  philox{17}.fill(std::span<double>{fresh}, 70, {.step = 1});
  CHECK(back == fresh);
  double product = 0;
  for (std::size_t i = 0; i < there.size(); ++i) product += there[i] * back[i];
  CHECK(std::abs(product) < 4 * std::sqrt(static_cast<double>(there.size())));
}

TEST_CASE("the initial noise of a Brownian path is philox's") {
  std::vector<float> a(100), b(100);
  brownian_path{17}.fill(std::span<float>{a}, 50, {});
  philox{17}.fill(std::span<float>{b}, 50, {});
  CHECK(a == b);
}

TEST_CASE("a Brownian increment needs two different levels in [0, infinity]") {
  CHECK_THROWS_WITH(between(1, 1, 1, 4), Catch::Matchers::ContainsSubstring("between equal levels"));
  CHECK_THROWS_WITH(between(1, -0.5, 1, 4), Catch::Matchers::ContainsSubstring("-0.5"));
  CHECK_THROWS_AS(between(std::nan(""), 1, 1, 4), error);
}
