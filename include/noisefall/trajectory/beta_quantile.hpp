// The quantile of the beta distribution: the x at which the regularised incomplete beta function I_x(a, b) is p.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include <noisefall/core/error.hpp>

namespace noisefall {

// I_x(a, b) for 0 <= x <= 1 and 0 < a, b <= 50, by the continued fraction of NIST DLMF 8.17.22 (modified Lentz).
inline double incomplete_beta(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incomplete_beta(1 - x, b, a);
  const double front =
      std::tgamma(a + b) / (std::tgamma(a) * std::tgamma(b)) * std::exp(a * std::log(x) + b * std::log1p(-x)) / a;
  constexpr double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::abs(d) < tiny ? tiny : d);
  double value = d;
  const auto refine = [&](double numerator) {
    d = 1 + numerator * d;
    c = 1 + numerator / c;
    d = 1 / (std::abs(d) < tiny ? tiny : d);
    if (std::abs(c) < tiny) c = tiny;
    value *= d * c;
  };
  for (int m = 1; m < 1000; ++m) {
    refine(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)));
    refine(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)));
    if (std::abs(d * c - 1) <= std::numeric_limits<double>::epsilon()) break;
  }
  return front * value;
}

// The x in (0, 1/2] with I_x(a, b) = p, by Newton's method kept inside a bracket.
inline double beta_quantile_lower(double p, double a, double b) {
  const double beta_ab = std::tgamma(a) * std::tgamma(b) / std::tgamma(a + b);
  double low = 0, high = 0.5;
  double x = std::pow(p * a * beta_ab, 1 / a);  // the first term of the series of I_x
  for (int i = 0; i < 200; ++i) {
    if (!(x > low && x < high)) x = 0.5 * (low + high);
    const double excess = incomplete_beta(x, a, b) - p;
    if (excess == 0) break;
    (excess > 0 ? high : low) = x;
    const double density = std::exp((a - 1) * std::log(x) + (b - 1) * std::log1p(-x)) / beta_ab;
    const double next = x - excess / density;
    if (std::abs(next - x) <= std::numeric_limits<double>::epsilon() * x) break;
    x = next;
  }
  return x;
}

// The x in [0, 1] with I_x(a, b) = p, for p in [0, 1] and 0 < a, b <= 50 (scipy.stats.beta.ppf); exactly 0 and 1 at the
// ends. Absolute error below 1e-13.
inline double beta_quantile(double p, double a, double b) {
  require(p >= 0 && p <= 1, "beta_quantile", {"p: ", p}, "0 to 1");
  require(a > 0 && a <= 50 && b > 0 && b <= 50, "beta_quantile", {"a: ", a, ", b: ", b}, "above 0, up to 50");
  if (p == 0 || p == 1) return p;
  if (p > incomplete_beta(0.5, a, b)) return 1 - beta_quantile_lower(1 - p, b, a);
  return beta_quantile_lower(p, a, b);
}

}  // namespace noisefall
