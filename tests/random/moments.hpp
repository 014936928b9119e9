// What tests of noise share: moments in standard errors, and the distance from the normal distribution.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <vector>

namespace noisefall::test {

// Mean, variance, third and fourth moment of standard normals, and the correlation with another list of them, each as a
// multiple of its standard error.
struct moments {
  double mean = 0, variance = 0, third = 0, fourth = 0;

  double worst() const { return std::max({std::abs(mean), std::abs(variance), std::abs(third), std::abs(fourth)}); }
};

template <class T>
moments standard_scores(std::span<const T> z) {
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  for (const T value : z) {
    const double x = static_cast<double>(value);
    m1 += x;
    m2 += x * x;
    m3 += x * x * x;
    m4 += x * x * x * x;
  }
  const double n = static_cast<double>(z.size()), root = std::sqrt(n);
  return {m1 / root, (m2 - n) / root / std::sqrt(2.0), m3 / root / std::sqrt(15.0),
          (m4 - 3 * n) / root / std::sqrt(96.0)};
}

template <class T>
double correlation_score(std::span<const T> a, std::span<const T> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum / std::sqrt(static_cast<double>(a.size()));
}

// sqrt(n) times the Kolmogorov-Smirnov distance; above 1.95 in one of a thousand samples.
template <class T>
double kolmogorov_smirnov(std::span<const T> z) {
  std::vector<double> sorted(z.begin(), z.end());
  std::sort(sorted.begin(), sorted.end());
  const double n = static_cast<double>(sorted.size());
  double distance = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double p = 0.5 * std::erfc(-sorted[i] / std::numbers::sqrt2), k = static_cast<double>(i);
    distance = std::max({distance, p - k / n, (k + 1) / n - p});
  }
  return std::sqrt(n) * distance;
}

}  // namespace noisefall::test
