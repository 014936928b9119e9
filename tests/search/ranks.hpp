// Random trajectories, and how alike two judgements rank them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <noisefall/random/normals.hpp>

inline std::vector<double> uniforms(std::size_t count, std::uint64_t seed) {
  std::vector<double> u(count);
  noisefall::normals(noisefall::normal_stream{seed, 0, 0, count}, 0, count, u.data());
  for (double& x : u) x = 0.5 * std::erfc(-x / std::sqrt(2.0));
  return u;
}

// Ordered levels between the two ends, uniform in ln sigma.
inline std::vector<double> random_sigmas(double high, double low, std::size_t steps, std::uint64_t seed) {
  std::vector<double> s{high, low};
  for (const double u : uniforms(steps - 1, seed)) s.push_back(high * std::pow(low / high, u));
  std::sort(s.begin(), s.end(), std::greater<>{});
  return s;
}

// Gaps of ln sigma in proportion to exponentials of normal numbers: now and then a wide one.
inline std::vector<double> random_gaps(double high, double low, std::size_t steps, std::uint64_t seed) {
  std::vector<double> gaps(steps), s{high};
  noisefall::normals(noisefall::normal_stream{seed, 0, 0, steps}, 0, steps, gaps.data());
  double all = 0;
  for (double& g : gaps) all += g = std::exp(g);
  double place = 0;
  for (std::size_t i = 0; i + 1 < steps; ++i) s.push_back(high * std::pow(low / high, (place += gaps[i]) / all));
  s.push_back(low);
  return s;
}

inline double spearman(const std::vector<double>& a, const std::vector<double>& b) {
  const auto ranks = [](const std::vector<double>& x) {
    std::vector<std::size_t> order(x.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return x[i] < x[j]; });
    std::vector<double> r(x.size());
    for (std::size_t k = 0; k < order.size(); ++k) r[order[k]] = static_cast<double>(k);
    return r;
  };
  const std::vector<double> ra = ranks(a), rb = ranks(b);
  const double middle = static_cast<double>(a.size() - 1) / 2;
  double ab = 0, aa = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    ab += (ra[k] - middle) * (rb[k] - middle);
    aa += (ra[k] - middle) * (ra[k] - middle);
  }
  return ab / aa;
}
