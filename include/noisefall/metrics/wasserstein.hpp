// Wasserstein distances of numbers, exactly.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <noisefall/core/error.hpp>

namespace noisefall {

namespace detail {

// The integral over q in (0, 1) of cost(|a(q) - b(q)|), a and b the quantile functions of sorted numbers.
template <class Cost>
double of_quantiles(std::span<const double> a, std::span<const double> b, Cost cost) {
  double sum = 0;
  if (a.size() == b.size()) {
    for (std::size_t i = 0; i < a.size(); ++i) sum += cost(std::abs(a[i] - b[i]));
    return sum / static_cast<double>(a.size());
  }
  // Steps of a end at multiples of b.size() of 1 / (a.size() b.size()), those of b at multiples of a.size().
  std::size_t i = 0, j = 0, at = 0;
  while (i < a.size() && j < b.size()) {
    const std::size_t end_a = (i + 1) * b.size(), end_b = (j + 1) * a.size(), next = std::min(end_a, end_b);
    sum += static_cast<double>(next - at) * cost(std::abs(a[i] - b[j]));
    at = next;
    if (end_a == next) ++i;
    if (end_b == next) ++j;
  }
  return sum / (static_cast<double>(a.size()) * static_cast<double>(b.size()));
}

inline std::vector<double> sorted(const char* where, std::span<const double> numbers) {
  require(!numbers.empty(), where, "no numbers", "one or more");
  for (const double v : numbers) require(std::isfinite(v), where, {"the number ", v}, "finite numbers");
  std::vector<double> copy(numbers.begin(), numbers.end());
  std::sort(copy.begin(), copy.end());
  return copy;
}

}  // namespace detail

// W1 = integral of |F^-1(q) - G^-1(q)| over q in (0, 1), of two sets of numbers, equally many or not. Exact for the
// sets; for the laws behind them too large, by about n^(-1/2). Cost: n log n.
inline double wasserstein_1(std::span<const double> x, std::span<const double> y) {
  return detail::of_quantiles(detail::sorted("wasserstein_1", x), detail::sorted("wasserstein_1", y),
                              [](double apart) { return apart; });
}

// W2, the root of the integral of the squares.
inline double wasserstein_2(std::span<const double> x, std::span<const double> y) {
  return std::sqrt(detail::of_quantiles(detail::sorted("wasserstein_2", x), detail::sorted("wasserstein_2", y),
                                        [](double apart) { return apart * apart; }));
}

}  // namespace noisefall
