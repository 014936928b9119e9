#include <cmath>
#include <cstddef>
#include <limits>

#include <noisefall/metrics/mmd.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "metrics/samples.hpp"

using namespace noisefall;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

const tensor<double> zero_one = rows_of(1, {0, 1}), one_two = rows_of(1, {1, 2});

// The definition, pair by pair.
template <class K>
double by_pairs(const tensor<double>& x, const tensor<double>& y, const K& kernel, bool biased) {
  const std::size_t d = x.extents().sample_size();
  const auto value = [&](const double* a, const double* b) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t e = 0; e < d; ++e) {
      ab += a[e] * b[e];
      aa += a[e] * a[e];
      bb += b[e] * b[e];
    }
    return kernel(ab, aa, bb, d);
  };
  const auto mean = [&](const tensor<double>& a, const tensor<double>& b, bool skip) {
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < a.extents().samples(); ++i)
      for (std::size_t j = 0; j < b.extents().samples(); ++j) {
        if (skip && i == j) continue;
        sum += value(a.data() + i * d, b.data() + j * d);
        ++count;
      }
    return sum / count;
  };
  return mean(x, x, !biased) + mean(y, y, !biased) - 2 * mean(x, y, false);
}

}  // namespace

TEST_CASE("KID has the values worked out by hand") {
  CHECK_THAT(kid(zero_one, one_two), WithinRel(9.5, 1e-14));
  CHECK_THAT(mmd_squared(zero_one, one_two, cubic_kernel{}, mmd_estimate::biased), WithinRel(31.0, 1e-14));
}

TEST_CASE("the discrepancy by a Gaussian kernel has the values worked out by hand") {
  CHECK_THAT(mmd_squared(zero_one, one_two, rbf_kernel{}), WithinAbs(0.0388630181, 5e-11));
  CHECK_THAT(mmd_squared(zero_one, one_two, rbf_kernel{}, mmd_estimate::biased), WithinAbs(0.4323323584, 5e-11));
}

TEST_CASE("the discrepancy of samples tends to that of their laws, unbiased") {
  // N(0, 1) and N(1, 1): 2 / sqrt(3) (1 - exp(-1/6)). Small sets: a bias would show in the mean over many.
  double mean = 0, biased = 0;
  constexpr int sets = 3000;
  for (int s = 0; s < sets; ++s) {
    const tensor<double> x = normal_rows(30, 1, 2 * static_cast<std::uint64_t>(s));
    tensor<double> y = normal_rows(30, 1, 2 * static_cast<std::uint64_t>(s) + 1);
    for (std::size_t i = 0; i < 30; ++i) y[i] += 1;
    mean += mmd_squared(x, y, rbf_kernel{}) / sets;
    biased += mmd_squared(x, y, rbf_kernel{}, mmd_estimate::biased) / sets;
  }
  CHECK_THAT(mean, WithinAbs(0.1772676349, 0.006));
  // The biased one counts k(x, x) = 1 in place of an n-th of the pairs.
  CHECK(biased > mean + 0.02);
}

TEST_CASE("blocks of pairs give what pairs one by one give") {
  const tensor<double> x = normal_rows(401, 3, 1), y = normal_rows(195, 3, 2);
  for (const bool biased : {false, true}) {
    const mmd_estimate estimate = biased ? mmd_estimate::biased : mmd_estimate::unbiased;
    CHECK_THAT(mmd_squared(x, y, cubic_kernel{}, estimate), WithinAbs(by_pairs(x, y, cubic_kernel{}, biased), 1e-11));
    const rbf_kernel narrow{.bandwidth = 0.7};
    CHECK_THAT(mmd_squared(x, y, narrow, estimate), WithinAbs(by_pairs(x, y, narrow, biased), 1e-12));
  }
}

TEST_CASE("a large mean costs a kernel of differences no digits") {
  tensor<double> x = normal_rows(40, 5, 1), y = normal_rows(50, 5, 2);
  const double before = mmd_squared(x, y, rbf_kernel{});
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += 1e6;
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += 1e6;
  CHECK_THAT(mmd_squared(x, y, rbf_kernel{}), WithinAbs(before, 1e-8));
}

TEST_CASE("KID over subsets is pure, and its mean is near KID") {
  const tensor<double> x = normal_rows(300, 4, 1);
  tensor<double> y = normal_rows(260, 4, 2);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] *= 1.5;
  const kid_subsets by{.subsets = 40, .size = 100, .seed = 3};
  const kid_estimate first = kid(x, y, by), again = kid(x, y, by), other = kid(x, y, {40, 100, 4});
  CHECK(first.mean == again.mean);
  CHECK(first.deviation == again.deviation);
  CHECK(first.mean != other.mean);
  CHECK(first.deviation > 0);
  CHECK_THAT(first.mean, WithinAbs(kid(x, y), 2 * first.deviation / std::sqrt(40.0)));
  // A subset of everything is everything.
  const kid_estimate whole = kid(x, normal_rows(300, 4, 7), {2, 300, 0});
  CHECK_THAT(whole.mean, WithinRel(kid(x, normal_rows(300, 4, 7)), 1e-9));
  CHECK(whole.deviation < 1e-10);
}

TEST_CASE("sets and kernels without a discrepancy are refused") {
  const tensor<double> single = rows_of(1, {1}), wide = normal_rows(4, 3, 1);
  CHECK(message_of([&] { kid(zero_one, single); }) == "mmd_squared: 1 sample; allowed: 2 or more");
  CHECK_NOTHROW(mmd_squared(zero_one, single, cubic_kernel{}, mmd_estimate::biased));
  CHECK(message_of([&] { kid(zero_one, wide); }) ==
        "mmd_squared: samples of 1 and of 3 elements; allowed: samples of one size");
  CHECK(message_of([&] { mmd_squared(zero_one, one_two, rbf_kernel{.bandwidth = 0}); }) ==
        "rbf_kernel.bandwidth: 0.000000; allowed: a finite number > 0");
  CHECK(message_of([&] {
          kid(rows_of(1, {0, std::numeric_limits<double>::infinity()}), one_two);
        }) == "mmd_squared: sample 1 has the element inf; allowed: finite elements");
  CHECK(message_of([&] { kid(wide, wide, {.subsets = 1, .size = 2}); }) ==
        "kid_subsets.subsets: 1; allowed: 2 or more");
  CHECK(message_of([&] { kid(wide, normal_rows(9, 3, 1), {.subsets = 2, .size = 5}); }) ==
        "kid_subsets.size: 5; allowed: 2 to 4, the smaller set");
}
