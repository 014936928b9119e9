#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <noisefall/metrics/density_coverage.hpp>
#include <noisefall/metrics/precision_recall.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "metrics/samples.hpp"

using namespace noisefall;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

const tensor<double> real = rows_of(1, {0, 1, 2, 4}), generated = rows_of(1, {0.5, 1.2, 9});

double squared(const tensor<double>& x, std::size_t i, const tensor<double>& y, std::size_t j) {
  const std::size_t d = x.extents().sample_size();
  double sum = 0;
  for (std::size_t e = 0; e < d; ++e) sum += (x[i * d + e] - y[j * d + e]) * (x[i * d + e] - y[j * d + e]);
  return sum;
}

// By sorting all distances of each sample.
std::vector<double> radii(const tensor<double>& x, std::size_t k) {
  std::vector<double> all;
  for (std::size_t i = 0; i < x.extents().samples(); ++i) {
    std::vector<double> others;
    for (std::size_t j = 0; j < x.extents().samples(); ++j)
      if (j != i) others.push_back(squared(x, i, x, j));
    std::sort(others.begin(), others.end());
    all.push_back(others[k - 1]);
  }
  return all;
}

}  // namespace

TEST_CASE("precision and recall have the values worked out by hand") {
  const auto [precision, recall] = precision_recall(real, generated, 1);
  CHECK_THAT(precision, WithinRel(2.0 / 3, 1e-15));
  CHECK(recall == 1);  // the outlier's ball covers everything
}

TEST_CASE("density and coverage have the values worked out by hand") {
  const auto [density, coverage] = density_coverage(real, generated, 1);
  CHECK_THAT(density, WithinRel(4.0 / 3, 1e-15));
  CHECK(coverage == 0.75);
}

TEST_CASE("radii are those found by sorting, across blocks") {
  for (const std::size_t k : {1u, 3u, 7u}) {
    const tensor<double> x = normal_rows(401, 5, 1);
    const std::vector<double> got = detail::squared_radii(x, k, mean_of(x)), wanted = radii(x, k);
    double worst = 0;
    for (std::size_t i = 0; i < got.size(); ++i) worst = std::max(worst, std::abs(got[i] - wanted[i]));
    CHECK(worst < 1e-13);
  }
}

TEST_CASE("shares are those counted pair by pair") {
  const tensor<double> x = normal_rows(250, 2, 1);
  tensor<double> y = normal_rows(390, 2, 2);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = 0.6 * y[i] + 0.5;
  const std::vector<double> of_x = radii(x, 4), of_y = radii(y, 4);
  double precision = 0, recall = 0, density = 0, coverage = 0;
  for (std::size_t j = 0; j < 390; ++j) {
    std::size_t balls = 0;
    for (std::size_t i = 0; i < 250; ++i) balls += squared(x, i, y, j) <= of_x[i];
    density += static_cast<double>(balls) / (4 * 390);
    precision += balls > 0 ? 1.0 / 390 : 0;
  }
  for (std::size_t i = 0; i < 250; ++i) {
    bool in = false, hit = false;
    for (std::size_t j = 0; j < 390; ++j) {
      in = in || squared(x, i, y, j) <= of_y[j];
      hit = hit || squared(x, i, y, j) <= of_x[i];
    }
    recall += in ? 1.0 / 250 : 0;
    coverage += hit ? 1.0 / 250 : 0;
  }
  CHECK_THAT(precision_recall(x, y, 4).precision, WithinAbs(precision, 1e-12));
  CHECK_THAT(precision_recall(x, y, 4).recall, WithinAbs(recall, 1e-12));
  CHECK_THAT(density_coverage(x, y, 4).density, WithinAbs(density, 1e-12));
  CHECK_THAT(density_coverage(x, y, 4).coverage, WithinAbs(coverage, 1e-12));
  CHECK((precision < 1 && recall < 1 && coverage < 1));
}

TEST_CASE("equal samples have distance 0, so a set covers itself however large its mean is") {
  tensor<double> x = normal_rows(200, 40, 1);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1e3 + 1e-3 * x[i];
  CHECK(precision_recall(x, x, 1).precision == 1);
  CHECK(precision_recall(x, x, 1).recall == 1);
  CHECK(density_coverage(x, x, 1).coverage == 1);
  // All samples alike: balls of radius 0, each of which holds everything.
  const tensor<double> same = rows_of(3, std::vector<double>(30, 0.1));
  CHECK(density_coverage(same, same, 2).density == 5);
  CHECK(precision_recall(same, same, 2).recall == 1);
}

TEST_CASE("samples of one law have density 1 and the coverage of the paper on average") {
  double density = 0, coverage = 0;
  constexpr std::size_t sets = 4000, n = 100, m = 80, k = 3;
  for (std::uint64_t s = 0; s < sets; ++s) {
    const auto got = density_coverage(normal_rows(n, 2, 2 * s), normal_rows(m, 2, 2 * s + 1), k);
    density += got.density / sets;
    coverage += got.coverage / sets;
  }
  double missed = 1;
  for (std::size_t i = 1; i <= k; ++i) missed *= static_cast<double>(n - i) / static_cast<double>(n + m - i);
  CHECK_THAT(density, WithinAbs(1, 0.01));
  CHECK_THAT(coverage, WithinAbs(1 - missed, 0.003));
}

TEST_CASE("sets that have no such neighbours are refused") {
  CHECK(message_of([] { precision_recall(real, generated, 0); }) ==
        "precision_recall: k 0 for 4 samples that are real; allowed: 1 to the number of samples less one");
  CHECK(message_of([] { precision_recall(real, generated, 3); }) ==
        "precision_recall: k 3 for 3 samples that are generated; allowed: 1 to the number of samples less one");
  CHECK(message_of([] { density_coverage(real, generated, 4); }) ==
        "density_coverage: k 4 for 4 samples that are real; allowed: 1 to the number of samples less one");
  CHECK_NOTHROW(density_coverage(real, generated, 3));
  CHECK(message_of([] {
          density_coverage(real, rows_of(2, {0, 1}), 1);
        }) == "density_coverage: samples of 1 and of 2 elements; allowed: samples of one size");
  CHECK(message_of([] {
          precision_recall(real, rows_of(1, {0, std::nan("")}), 1);
        }) == "precision_recall: sample 1 has the element nan; allowed: finite elements");
}
