#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include <noisefall/tensor/span_algebra.hpp>

using namespace noisefall;
using sizes = std::initializer_list<std::size_t>;

namespace {

template <class T>
std::vector<T> random_numbers(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<double> normal;
  std::vector<T> numbers(n);
  for (T& x : numbers) x = static_cast<T>(normal(random));
  return numbers;
}

// numpy.quantile(abs(x), p), by sorting.
template <class T>
double sorted_quantile(const T* x, std::size_t n, double p) {
  std::vector<double> sorted;
  for (std::size_t i = 0; i < n; ++i) sorted.push_back(std::abs(static_cast<double>(x[i])));
  std::sort(sorted.begin(), sorted.end());
  const double position = p * static_cast<double>(n - 1);
  const std::size_t low = static_cast<std::size_t>(position), high = std::min(low + 1, n - 1);
  return sorted[low] + (position - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEMPLATE_TEST_CASE("the quantile of absolute values is the sorted one, interpolated", "", float, double) {
  for (const std::size_t d : sizes{1, 2, 3, 16, 100, 784, 5000}) {
    const std::size_t samples = 3, stride = d + 3;
    auto x = random_numbers<TestType>(samples * stride, static_cast<unsigned>(d));
    for (std::size_t i = 0; i < x.size(); i += 3) x[i] = std::round(x[i]);  // ties and zeros
    for (const double p : {0.0, 0.1, 0.5, 0.9, 0.995, 0.9999, 1.0}) {
      double found[samples];
      span_algebra<TestType>{}.quantile({x.data(), {samples, d}, stride}, p, found);
      for (std::size_t i = 0; i < samples; ++i)
        CHECK_THAT(found[i], Catch::Matchers::WithinRel(sorted_quantile(x.data() + i * stride, d, p), 1e-14) ||
                                 Catch::Matchers::WithinAbs(0, 0));
    }
  }
}

TEST_CASE("a quantile knows zeros, subnormals and infinities, and is NaN when an element is") {
  const span_algebra<float> on;
  const auto quantile = [&](std::vector<float> x, double p) {
    double found = 0;
    on.quantile({x.data(), {1, x.size()}}, p, {&found, 1});
    return found;
  };
  const float tiny = std::numeric_limits<float>::denorm_min(), inf = std::numeric_limits<float>::infinity();
  CHECK(quantile({-0.0f, 0.0f, tiny}, 0.5) == 0);
  CHECK(quantile({-tiny, 0.0f, tiny}, 0.5) == static_cast<double>(tiny));
  CHECK(quantile({1, -inf, 2}, 1) == infinity);
  CHECK(quantile({inf, -inf, inf}, 0.3) == infinity);
  CHECK(quantile({1, 2, 3, 4}, 0.5) == 2.5);
  CHECK(std::isnan(quantile({1, std::nanf(""), 2, 3}, 0.1)));
}

TEMPLATE_TEST_CASE("gram gives the inner products of linear combinations, sample by sample", "", float, double) {
  const double tolerance = std::is_same_v<TestType, float> ? 1e-7 : 1e-14;  // vectors and lanes are of its type
  for (const std::size_t d : sizes{1, 2, 15, 16, 31, 32, 127, 128, 129, 1000, 1024, 1025, 3000}) {
    const std::size_t samples = 3, stride = d + 2, n = 4;
    const auto c = random_numbers<TestType>(samples * stride, 1), u = random_numbers<TestType>(samples * stride, 2);
    const view<TestType> inputs[] = {{c.data(), {samples, d}, stride}, {u.data(), {samples, d}, stride}};
    const double basis[] = {1, 0, 0, /**/ 1, -1, 0, /**/ 0.25, -2, 0.5, /**/ 0, 0, 1};  // c, c - u, a mixture, 1
    std::vector<double> found(samples * n * n);
    span_algebra<TestType>{}.gram(inputs, basis, found);
    for (std::size_t sample = 0; sample < samples; ++sample)
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) {
          double sum = 0, magnitude = 0;
          for (std::size_t e = 0; e < d; ++e) {
            const auto element = [&](std::size_t v) {
              return basis[3 * v] * static_cast<double>(c[sample * stride + e]) +
                     basis[3 * v + 1] * static_cast<double>(u[sample * stride + e]) + basis[3 * v + 2];
            };
            sum += element(i) * element(j);
            magnitude += std::abs(element(i) * element(j));
          }
          CHECK_THAT(found[(sample * n + i) * n + j], Catch::Matchers::WithinAbs(sum, tolerance * (magnitude + 10)));
        }
    CHECK(found[n * n - 1] == static_cast<double>(d));  // <1, 1>
  }
}

TEMPLATE_TEST_CASE("gram of one to six vectors and of constants alone", "", float, double) {
  const std::size_t d = 1100, k = 5;
  std::vector<std::vector<TestType>> arrays;
  std::vector<view<TestType>> inputs;
  for (unsigned i = 0; i < k; ++i) arrays.push_back(random_numbers<TestType>(d, 10 + i));
  for (const auto& array : arrays) inputs.push_back({array.data(), {1, d}});
  for (std::size_t n = 1; n <= 7; ++n) {
    std::vector<double> basis(n * (k + 1)), found(n * n);
    for (std::size_t v = 0; v < n; ++v) {
      if (v % 3 == 2) basis[v * (k + 1) + k] = 2 + static_cast<double>(v);  // a constant
      if (v % 3 != 2) basis[v * (k + 1) + v % k] = 1;                       // an array
      if (v % 3 == 1) basis[v * (k + 1) + (v + 2) % k] = -0.5;              // a difference
    }
    span_algebra<TestType>{}.gram(inputs, basis, found);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t e = 0; e < d; ++e) {
          const auto element = [&](std::size_t v) {
            double x = basis[v * (k + 1) + k];
            for (std::size_t a = 0; a < k; ++a) x += basis[v * (k + 1) + a] * static_cast<double>(arrays[a][e]);
            return x;
          };
          sum += element(i) * element(j);
        }
        CHECK_THAT(found[i * n + j], Catch::Matchers::WithinAbs(sum, std::is_same_v<TestType, float> ? 2e-3 : 1e-9));
      }
  }
}

TEMPLATE_TEST_CASE("the lanes of products have the same bits by every instruction set that rounds once", "", float,
                   double) {
  using kernels::instruction_set;
  if (!kernels::has(instruction_set::avx512)) {
    WARN("no AVX-512 here: nothing to compare");
    return;
  }
  const auto a = random_numbers<TestType>(992, 20), b = random_numbers<TestType>(992, 21);
  TestType wide[5][kernels::gram_lanes] = {}, narrow[5][kernels::gram_lanes] = {};
  kernels::lanes_of_products(instruction_set::avx512, a.data(), b.data(), 992, wide);
  kernels::lanes_of_products(instruction_set::avx2, a.data(), b.data(), 992, narrow);
  CHECK(std::equal(&wide[0][0], &wide[0][0] + sizeof wide / sizeof(TestType), &narrow[0][0]));
}

TEST_CASE("a gram coefficient of 0 leaves its array unread") {
  const std::vector<float> good(20, 2), bad(20, std::numeric_limits<float>::quiet_NaN());
  const view<float> inputs[] = {{bad.data(), {1, 20}}, {good.data(), {1, 20}}};
  const double basis[] = {0, 1, 0};
  double found = 0;
  span_algebra<float>{}.gram(inputs, basis, {&found, 1});
  CHECK(found == 80);
}

TEST_CASE("gram refuses a basis that does not fit its inputs") {
  const std::vector<float> x(4);
  const view<float> inputs[] = {{x.data(), {1, 4}}};
  const std::vector<double> odd(3), many(2 * 17);
  std::vector<double> found(17 * 17);
  CHECK_THROWS_AS(span_algebra<float>{}.gram(inputs, odd, found), error);
  CHECK_THROWS_AS(span_algebra<float>{}.gram(inputs, many, found), error);
  CHECK_THROWS_AS(span_algebra<float>{}.gram({}, odd, found), error);
}

TEMPLATE_TEST_CASE("reductions of a sample have the same bits in any batch", "", float, double) {
  const span_algebra<TestType> on;
  for (const std::size_t d : sizes{1, 2, 63, 64, 65, 112, 784})
    for (const std::size_t samples : sizes{2, 3, 7, 64}) {
      const auto x = random_numbers<TestType>(samples * d, 3), y = random_numbers<TestType>(samples * d, 4);
      const view<TestType> batch[] = {{x.data(), {samples, d}}, {y.data(), {samples, d}}};
      const std::size_t last = (samples - 1) * d;
      const view<TestType> alone[] = {{x.data() + last, {1, d}}, {y.data() + last, {1, d}}};
      const double basis[] = {1, 0, 0, 1, -1, 0};
      std::vector<double> all(samples * 4), one(4);
      on.gram(batch, basis, all);
      on.gram(alone, basis, one);
      CHECK(std::equal(one.begin(), one.end(), all.end() - 4));
      on.quantile(batch[0], 0.9, all);
      on.quantile(alone[0], 0.9, one);
      CHECK(one[0] == all[samples - 1]);
      on.scaled_error(batch[0], batch[1], batch[0], 1e-3, 1e-2, all);
      on.scaled_error(alone[0], alone[1], alone[0], 1e-3, 1e-2, one);
      CHECK(one[0] == all[samples - 1]);
    }
}

TEST_CASE("the scaled error is the root mean square against the larger of the tolerances") {
  const std::vector<double> high{1.1, 2, 0.1}, low{1, 2.5, 0}, previous{-4, 1, 0};
  double found = 0;
  span_algebra<double>{}.scaled_error({high.data(), {1, 3}}, {low.data(), {1, 3}}, {previous.data(), {1, 3}}, 0.1, 0.5,
                                      {&found, 1});
  const double a = 0.1 / 2, b = 0.5 / 1.25, c = 0.1 / 0.1;
  CHECK_THAT(found, Catch::Matchers::WithinRel(std::sqrt((a * a + b * b + c * c) / 3), 1e-14));
}

// Products that were contracted with the sums, or lanes whose number is the processor's, would show here.
TEMPLATE_TEST_CASE("the sum of scaled errors has one order: 32 lanes in chunks of 1024", "", float, double) {
  for (const std::size_t d : sizes{1, 7, 8, 31, 33, 100, 1024, 1025, 5000}) {
    const auto h = random_numbers<TestType>(d, 5), l = random_numbers<TestType>(d, 6),
               p = random_numbers<TestType>(d, 7);
    double total = 0;
    for (std::size_t chunk = 0; chunk < d; chunk += 1024) {
      double lanes[32] = {}, sum = 0;
      for (std::size_t i = chunk; i < std::min(chunk + 1024, d); ++i) {
        const double a = static_cast<double>(h[i]), b = static_cast<double>(l[i]), c = static_cast<double>(p[i]);
        const double ratio = (a - b) / std::max(0.01, 0.05 * std::max(std::abs(b), std::abs(c)));
        const volatile double square = ratio * ratio;
        lanes[i % 32] += square;
      }
      for (const double lane : lanes) sum += lane;
      total += sum;
    }
    double found = 0;
    span_algebra<TestType>{}.scaled_error({h.data(), {1, d}}, {l.data(), {1, d}}, {p.data(), {1, d}}, 0.01, 0.05,
                                          {&found, 1});
    CHECK(found == std::sqrt(total / static_cast<double>(d)));
    double portable = 0;
    std::vector<double> squares(1024);
    for (std::size_t chunk = 0; chunk < d; chunk += 1024) {
      const std::size_t n = std::min<std::size_t>(1024, d - chunk);
      std::fill(squares.begin(), squares.end(), 0.0);
      kernels::scaled_squares::run(h.data() + chunk, l.data() + chunk, p.data() + chunk, 0.01, 0.05, n, squares.data());
      double sum = 0;
      kernels::sum_in_lanes::run(static_cast<const double*>(squares.data()), squares.size(), &sum);
      portable += sum;
    }
    CHECK(portable == total);
  }
}

TEMPLATE_TEST_CASE("finite looks at every element, and at no other", "", float, double) {
  const span_algebra<TestType> on;
  for (const std::size_t d : sizes{1, 15, 16, 17, 100, 4097}) {
    std::vector<TestType> x(3 * (d + 1), std::numeric_limits<TestType>::max());
    const mutable_view<TestType> at{x.data(), {3, d}, d + 1};
    for (std::size_t sample = 0; sample < 3; ++sample) at.sample(sample)[d] = static_cast<TestType>(nan_value);
    CHECK(on.finite(at));
    for (const double bad : {nan_value, -nan_value, infinity, -infinity})
      for (std::size_t i = 0; i < 3 * d; i += 1 + d / 1000) {
        TestType& element = at.sample(i / d)[i % d];
        element = static_cast<TestType>(bad);
        CHECK_FALSE(on.finite(at));
        element = 0;
      }
  }
}
