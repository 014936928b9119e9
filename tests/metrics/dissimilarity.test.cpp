#include <cmath>
#include <cstddef>
#include <numbers>

#include <noisefall/metrics/dissimilarity.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "metrics/samples.hpp"

using namespace noisefall;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

TEST_CASE("the mean distance of normals tends to 2 / sqrt(pi)") {
  // Stratified: the n quantiles in the middle of equal shares.
  constexpr std::size_t n = 1000;
  tensor<double> x{{n, 1}};
  for (std::size_t i = 0; i < n; ++i) x[i] = normal_quantile((static_cast<double>(i) + 0.5) / n);
  CHECK_THAT(pairwise_dissimilarity(x), WithinAbs(2 / std::sqrt(std::numbers::pi), 2e-3));
  CHECK_THAT(2 / std::sqrt(std::numbers::pi), WithinAbs(1.1283791671, 5e-11));
}

TEST_CASE("squares of N(m, s^2 I) have the mean 2 d s^2") {
  tensor<double> x = normal_rows(4000, 6, 1);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 10 + 0.5 * x[i];
  CHECK_THAT(pairwise_dissimilarity(x, dissimilarity::squared), WithinRel(2 * 6 * 0.25, 0.03));
}

TEST_CASE("means over pairs are those taken pair by pair") {
  constexpr std::size_t n = 390, d = 4;
  const tensor<double> x = normal_rows(n, d, 2);
  double distance = 0, squared = 0, cosine = 0;
  const auto dot = [&](std::size_t i, std::size_t j) {
    double sum = 0;
    for (std::size_t e = 0; e < d; ++e) sum += x[i * d + e] * x[j * d + e];
    return sum;
  };
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const double apart = dot(i, i) + dot(j, j) - 2 * dot(i, j);
      distance += std::sqrt(apart);
      squared += apart;
      cosine += 1 - dot(i, j) / std::sqrt(dot(i, i) * dot(j, j));
    }
  const double pairs = n * (n - 1) / 2.0;
  CHECK_THAT(pairwise_dissimilarity(x), WithinRel(distance / pairs, 1e-12));
  CHECK_THAT(pairwise_dissimilarity(x, dissimilarity::squared), WithinRel(squared / pairs, 1e-12));
  CHECK_THAT(pairwise_dissimilarity(x, dissimilarity::cosine), WithinRel(cosine / pairs, 1e-12));
}

TEST_CASE("two samples have the dissimilarity of their pair") {
  const tensor<double> x = rows_of(2, {3, 0, 0, 4});
  CHECK_THAT(pairwise_dissimilarity(x), WithinRel(5.0, 1e-15));
  CHECK_THAT(pairwise_dissimilarity(x, dissimilarity::squared), WithinRel(25.0, 1e-15));
  CHECK_THAT(pairwise_dissimilarity(x, dissimilarity::cosine), WithinRel(1.0, 1e-15));
}

TEST_CASE("samples without pairs or directions are refused") {
  CHECK(message_of([] {
          pairwise_dissimilarity(rows_of(2, {1, 2}));
        }) == "pairwise_dissimilarity: 1 sample; allowed: 2 or more");
  CHECK(message_of([] {
          pairwise_dissimilarity(rows_of(2, {1, 2, 0, 0}), dissimilarity::cosine);
        }) == "pairwise_dissimilarity: sample 1 is 0; allowed: samples with a direction");
  CHECK_NOTHROW(pairwise_dissimilarity(rows_of(2, {1, 2, 0, 0})));
  CHECK(message_of([] {
          pairwise_dissimilarity(tensor<double>{{3, 0}});
        }) == "pairwise_dissimilarity: samples without elements; allowed: one element or more");
}
