// How well a cheap judgement of trajectories ranks them as the paired error does.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/function_ref.hpp>
#include <noisefall/random/normals.hpp>
#include <noisefall/search/search_problem.hpp>
#include <noisefall/search/teacher.hpp>

namespace noisefall {

// Spearman's correlation of two lists of two numbers or more; equal numbers share their rank.
inline double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  require(a.size() == b.size() && a.size() >= 2, "rank_correlation", {a.size(), " and ", b.size(), " numbers"},
          "as many of each, two or more");
  const auto ranks = [](const std::vector<double>& x) {
    std::vector<std::size_t> order(x.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return x[i] < x[j]; });
    std::vector<double> r(x.size());
    for (std::size_t k = 0; k < order.size();) {
      std::size_t end = k + 1;
      while (end < order.size() && x[order[end]] == x[order[k]]) ++end;
      for (std::size_t i = k; i < end; ++i) r[order[i]] = static_cast<double>(k + end - 1) / 2;
      k = end;
    }
    return r;
  };
  const std::vector<double> ra = ranks(a), rb = ranks(b);
  const double middle = static_cast<double>(a.size() - 1) / 2;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    ab += (ra[k] - middle) * (rb[k] - middle);
    aa += (ra[k] - middle) * (ra[k] - middle);
    bb += (rb[k] - middle) * (rb[k] - middle);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

// Ordered levels between the problem's ends (or within [low, high] where those are 0 or infinite), uniform in ln sigma;
// the same for the same number.
inline std::vector<double> random_levels(const search_problem& of, double low, double high, std::uint64_t number) {
  const std::vector<double>& base = of.sigmas();
  const double top = std::isfinite(base.front()) ? base.front() : high, bottom = base.back() > 0 ? base.back() : low;
  std::vector<double> z(of.steps() - 1), s = base;
  normals(normal_stream{number, 0, 0, z.size()}, 0, z.size(), z.data());
  for (std::size_t i = 0; i < z.size(); ++i)
    s[i + 1] = top * std::pow(bottom / top, 0.5 * std::erfc(-z[i] / std::sqrt(2.0)));
  std::sort(s.begin() + 1, s.end() - 1, std::greater<>{});
  return s;
}

// Over `trials` random trajectories, two or more. Costs a run of the teacher's samples for each.
inline double fidelity_of(function_ref<double(std::span<const double>)> objective, const search_problem& of,
                          const teacher& truth, std::size_t trials, double low, double high) {
  std::vector<double> said, true_ones;
  for (std::uint64_t k = 0; said.size() < trials && k < 10 * trials && of.steps() > 1; ++k) {
    const std::vector<double> s = random_levels(of, low, high, k);
    bool apart = true;
    for (std::size_t i = 1; i < s.size(); ++i) apart = apart && s[i] < s[i - 1] && of.apart(s[i - 1], s[i]);
    if (!apart) continue;
    if (of.stopped()) break;
    said.push_back(objective(s));
    true_ones.push_back(truth.error(of.solver(), of.path_of(s)));
  }
  return said.size() >= 2 ? rank_correlation(said, true_ones) : std::nan("");
}

}  // namespace noisefall
