// The quantile of the standard normal distribution.
#pragma once

#include <cmath>
#include <numbers>
#include <string>

#include <noisefall/core/error.hpp>

namespace noisefall {

// The x with p = P(z <= x) for a standard normal z and p inside (0, 1); relative error below 1e-14. Newton's method on the
// logarithm of the tail, which is concave and falling: it comes from beyond and never overshoots.
inline double normal_quantile(double p) {
  require(p > 0 && p < 1, "normal_quantile", {"p: ", p}, "inside (0, 1)");
  if (p == 0.5) return 0;
  if (p > 0.5) return -normal_quantile(1 - p);  // 1 - p is exact
  const double wanted = std::log(p);
  double x = std::sqrt(-2 * std::log(2 * p));  // of the upper tail, which is below e^(-x^2 / 2) / 2
  for (int i = 0; i < 100; ++i) {
    const double tail = 0.5 * std::erfc(x / std::numbers::sqrt2);
    const double density = std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi);
    const double step = (std::log(tail) - wanted) * tail / density;
    x += step;
    if (std::abs(step) <= 1e-16 * x) break;
  }
  return -x;
}

}  // namespace noisefall
