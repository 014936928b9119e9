#include "catch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

#include <noisefall/tensor/quantile.hpp>

using namespace noisefall;
using kernels::instruction_set;
using sizes = std::initializer_list<std::size_t>;

namespace {

std::vector<instruction_set> instruction_sets() {
  std::vector<instruction_set> sets;
  for (const instruction_set set : {instruction_set::portable, instruction_set::avx2, instruction_set::avx512})
    if (kernels::has(set)) sets.push_back(set);
  return sets;
}

constexpr double ratios[] = {0, 0.5, 0.9, 0.97, 0.99, 0.995, 0.999, 1};

template <class T>
struct pattern {
  const char* name;
  std::vector<T> x;
};

// What is usual, and what is hard: ties, order, periods, values of all sizes, large values that gather in one place.
template <class T>
std::vector<pattern<T>> patterns(std::size_t n, unsigned seed) {
  using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  std::mt19937_64 random{seed};
  std::normal_distribution<T> normal;
  constexpr T infinity = std::numeric_limits<T>::infinity(), tiny = std::numeric_limits<T>::denorm_min();
  std::vector<pattern<T>> all;
  const auto add = [&](const char* name, auto at) {
    all.push_back({name, std::vector<T>(n)});
    for (std::size_t i = 0; i < n; ++i) all.back().x[i] = at(i);
  };
  add("normal", [&](std::size_t) { return normal(random); });
  add("rounded", [&](std::size_t) { return std::round(normal(random)); });
  add("clipped", [&](std::size_t) { return std::clamp(normal(random), T{-2}, T{2}); });
  add("equal", [](std::size_t) { return T{-3}; });
  add("zeros of both signs", [](std::size_t i) { return i % 2 ? T{-0.0} : T{0}; });
  add("few that are not zero", [&](std::size_t) { return random() % 50 ? T{-0.0} : tiny; });
  add("ascending", [](std::size_t i) { return static_cast<T>(i); });
  add("descending", [n](std::size_t i) { return -static_cast<T>(n - i); });
  add("periodic", [](std::size_t i) { return static_cast<T>(i % 64 * (i % 64)); });
  add("large in one place", [&](std::size_t i) { return normal(random) * (i / 64 % 40 == 3 ? T{1000} : T{1}); });
  add("all sizes", [&](std::size_t) {
    const bits limit = std::bit_cast<bits>(infinity) + 1;
    return std::bit_cast<T>(static_cast<bits>(random() % limit)) * T(random() % 2 ? 1 : -1);
  });
  add("infinities", [&](std::size_t) { return random() % 20 ? normal(random) : random() % 2 ? infinity : -infinity; });
  return all;
}

// By sorting; the interpolation is the one that the header states.
template <class T>
double sorted_quantile(const std::vector<T>& sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() - 1), floor = std::floor(position);
  const std::size_t k = static_cast<std::size_t>(floor), next = std::min(k + 1, sorted.size() - 1);
  const double lower = static_cast<double>(sorted[k]), upper = static_cast<double>(sorted[next]);
  return lower == upper || position == floor ? lower : std::fma(upper - lower, position - floor, lower);
}

template <class T>
void check_against_sorting(std::size_t n, unsigned seed) {
  for (const pattern<T>& of : patterns<T>(n, seed)) {
    std::vector<T> sorted(n);
    std::transform(of.x.begin(), of.x.end(), sorted.begin(), [](T x) { return std::abs(x); });
    std::sort(sorted.begin(), sorted.end());
    for (const double p : ratios)
      for (const instruction_set set : instruction_sets()) {
        const double found = kernels::absolute_quantile_by(set, of.x.data(), n, p),
                     expected = sorted_quantile(sorted, p);
        if (std::bit_cast<std::uint64_t>(found) == std::bit_cast<std::uint64_t>(expected)) continue;
        INFO(of.name << ", n = " << n << ", p = " << p << ", set " << static_cast<int>(set));
        CHECK(found == expected);
        CHECK_FALSE(std::signbit(found));
      }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("quantiles of up to 3000 numbers are those of sorting, by every instruction set", "", float,
                   double) {
  for (std::size_t n = 1; n <= 3000; n += n < 150 ? 1 : n < 1000 ? 29 : 97)
    check_against_sorting<TestType>(n, static_cast<unsigned>(n));
  for (const std::size_t n : sizes{1023, 1024, 1025, 3000}) check_against_sorting<TestType>(n, 1);
}

TEMPLATE_TEST_CASE("quantiles of many numbers are those of sorting, by every instruction set", "", float, double) {
  for (const std::size_t n : sizes{4096, 12288, 12289, 49153}) check_against_sorting<TestType>(n, 2);
}

TEST_CASE("quantiles of numbers so many that no list holds the candidates are those of sorting") {
  check_against_sorting<float>(300001, 3);
}

// Blocks of a quantile are elements that are equal modulo a number near 3 (1 - p) n: large values that keep to a few of
// these are the worst for it. Large values where the sample does not look are the worst for that.
TEST_CASE("quantiles of numbers made against the method are those of sorting") {
  std::mt19937 random{4};
  std::normal_distribution<float> normal;
  for (const std::size_t n : sizes{1500, 12288, 50000})
    for (const double p : {0.5, 0.9, 0.98, 0.995}) {
      const std::size_t need = n - static_cast<std::size_t>(p * static_cast<double>(n - 1));
      const std::size_t blocks = (3 * need + 15) / 16 * 16;
      std::vector<std::vector<float>> hard(4, std::vector<float>(n, 1));
      std::size_t large = 0;
      for (std::size_t i = 0; i < n; ++i) {
        hard[0][i] = normal(random) + (i % blocks < 5 ? 10.0f : 0.0f);
        hard[1][i] = static_cast<float>(i % blocks) + normal(random);
        hard[2][i] = normal(random) + (i % (n / 1024 | 1u) == 0 ? 0.0f : 10.0f);
        if (i % (n / 1024 | 1u) != 0 && large + 1 < need) hard[3][i] = static_cast<float>(2 + large++);
      }
      for (const std::vector<float>& x : hard) {
        std::vector<float> sorted(n);
        std::transform(x.begin(), x.end(), sorted.begin(), [](float value) { return std::abs(value); });
        std::sort(sorted.begin(), sorted.end());
        for (const instruction_set set : instruction_sets())
          CHECK(kernels::absolute_quantile_by(set, x.data(), n, p) == sorted_quantile(sorted, p));
      }
    }
}

TEMPLATE_TEST_CASE("a quantile is NaN if any element is, wherever it stands and whatever its bits are", "", float,
                   double) {
  using bits = std::conditional_t<sizeof(TestType) == 4, std::uint32_t, std::uint64_t>;
  const bits infinity = std::bit_cast<bits>(std::numeric_limits<TestType>::infinity());
  const TestType nans[] = {std::bit_cast<TestType>(static_cast<bits>(infinity + 1)),
                           -std::numeric_limits<TestType>::quiet_NaN(),
                           std::bit_cast<TestType>(static_cast<bits>(~bits{0}))};
  std::size_t missed = 0;
  for (const std::size_t n : sizes{1, 2, 17, 100, 1000, 1100, 5001}) {
    std::vector<TestType> x = patterns<TestType>(n, 5)[0].x;
    for (std::size_t i = 0; i < n; i += 1 + n / 150) {
      const TestType nan = nans[i % 3], before = std::exchange(x[i], nan);
      for (const double p : {0.0, 0.5, 0.98, 1.0})
        for (const instruction_set set : instruction_sets())
          missed += !std::isnan(kernels::absolute_quantile_by(set, x.data(), n, p));
      x[i] = before;
    }
  }
  CHECK(missed == 0);
}

TEST_CASE("a quantile between a number and infinity is infinite, one at the number is the number") {
  const float infinity = std::numeric_limits<float>::infinity(), x[] = {-infinity, 2, 1};
  for (const instruction_set set : instruction_sets()) {
    CHECK(kernels::absolute_quantile_by(set, x, 3, 0.5) == 2);
    CHECK(kernels::absolute_quantile_by(set, x, 3, 0.75) == static_cast<double>(infinity));
  }
}
