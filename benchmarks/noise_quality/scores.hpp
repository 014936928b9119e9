// From counts to scores: how many standard deviations from what true normals give, whatever a test's distribution is.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "noise_quality/tally.hpp"

namespace bench {

inline double upper_tail(double z) { return 0.5 * std::erfc(z / std::sqrt(2.0)); }

// The z that a normal exceeds with probability p.
inline double score_of(double p) {
  double low = -8, high = 38;
  for (int halving = 0; halving < 60; ++halving) {
    const double middle = (low + high) / 2;
    (upper_tail(middle) > p ? low : high) = middle;
  }
  return low;
}

// Of a number of rare events: exact for a Poisson distribution where the normal one is too coarse.
inline double poisson_score(double count, double expected) {
  if (expected > 1000) return (count - expected) / std::sqrt(expected);
  const auto probability = [&](double k) { return std::exp(k * std::log(expected) - expected - std::lgamma(k + 1)); };
  double below = 0;  // P(X < count)
  for (double k = 0; k < count; ++k) below += probability(k);
  if (count > expected) {
    double rest = 0;  // summed by itself, since 1 - below would lose it
    for (double k = count; k < count + 200; ++k) rest += probability(k);
    return std::max(0.0, score_of(rest));
  }
  return std::min(0.0, -score_of(below + probability(count)));
}

// The largest difference between the empirical and the normal distribution, times sqrt(n), and Anderson and Darling's
// A^2 = n * integral of (G - F)^2 / (F (1 - F)) dF.
struct distances {
  double kolmogorov = 0, anderson_darling = 0;
};

inline distances distances_of(const fine_histogram& histogram, double n) {
  distances found;
  double below = 0, last = 0, last_weighted = 0;
  for (std::size_t b = 0; b < fine_histogram::bins; ++b) {
    const double edge = fine_histogram::edge(b);
    // The smaller tail of both distributions, which keeps its digits.
    const bool left = edge < 0;
    const double tail = upper_tail(std::abs(edge)), counted = (left ? below : n - below) / n;
    const double difference = std::abs(counted - tail);
    const double weighted = difference * difference / (tail * (1 - tail));
    const double f = left ? tail : 1 - tail;
    found.kolmogorov = std::max(found.kolmogorov, difference);
    found.anderson_darling += (f - last) * (weighted + last_weighted) / 2;
    last = f;
    last_weighted = weighted;
    below += histogram.count(b);
  }
  found.kolmogorov *= std::sqrt(n);
  found.anderson_darling *= n;
  return found;
}

// P(sqrt(n) D > x) for many normals: Kolmogorov's series.
inline double kolmogorov_p(double x) {
  double p = 0;
  for (int j = 1; j < 100; ++j) p += (j % 2 == 1 ? 2 : -2) * std::exp(-2.0 * j * j * x * x);
  return std::clamp(p, 0.0, 1.0);
}

// P(A^2 > x) for many normals: Marsaglia and Marsaglia 2004 (Journal of Statistical Software 9(2)), and beyond 4, where
// their fit ends, the term that rules the tail, sqrt(3) * erfc(sqrt(x)).
inline double anderson_darling_p(double x) {
  if (x > 4) return std::sqrt(3.0) * std::erfc(std::sqrt(x));
  if (x >= 2) {
    const double s = 1.0776 - (2.30695 - (0.43424 - (0.082433 - (0.008056 - 0.0003146 * x) * x) * x) * x) * x;
    return 1 - std::exp(-std::exp(s));
  }
  const double s = 2.00012 + (0.247105 - (0.0649821 - (0.0347962 - (0.011672 - 0.00168691 * x) * x) * x) * x) * x;
  return 1 - std::exp(-1.2337141 / x) / std::sqrt(x) * s;
}

}  // namespace bench
