// The cost of one DDIM step between two noise levels, with what becomes of its error until the end.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <noisefall/search/error_table.hpp>
#include <noisefall/search/linear_error.hpp>

namespace noisefall {

// A step from sigma s to t, h = s - t, errs by h^2 V(s) in the state at t, which the rest of the way multiplies by
//   C(t) = (v + sigma_end^2) / (v + t^2)         per direction of data variance v.
// With V the Bayes part the sum over a run, J, is first-order in the discretisation: the end is off by
// J / (2 sqrt(v + sigma_end^2)), its root mean square; with V the excess it is the prediction error, of independent
// errors. Hence, with B and E the two sums of a direction,
//   total = mean over directions of B^2 / (4 (v + sigma_end^2)) + E
// Both are sums over pairs of neighbours. In x0 form, (1 - t/s)^2 sigma^2 V, also from infinite noise. Directions of nearly
// one variance are taken together, at most `most_groups`.
class transport_cost {
 public:
  transport_cost(const error_table& table, double sigma_end, std::size_t most_groups = 16)
      : table_{table}, end_{sigma_end * sigma_end} {
    table.check();
    const std::size_t n = table.directions.size();
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return table.directions[a].variance > table.directions[b].variance;
    });
    // By the logarithm of the variance; what has next to none is the last group.
    const double largest = table.directions[order[0]].variance, least = 1e-8 * largest;
    double smallest = largest;
    for (const data_direction& d : table.directions)
      if (d.variance > least) smallest = std::min(smallest, d.variance);
    const double span = largest > smallest ? std::log(largest / smallest) * (1 + 1e-9) : 1;
    std::vector<std::size_t> bin_of;
    for (const std::size_t g : order) {
      const double v = table.directions[g].variance;
      const double place = n <= most_groups ? static_cast<double>(bin_of.size())
                           : v > least      ? std::log(largest / v) / span * static_cast<double>(most_groups - 1)
                                            : static_cast<double>(most_groups - 1);
      const auto bin = static_cast<std::size_t>(std::max(0.0, place));
      if (groups_.empty() || bin != bin_of.back()) groups_.push_back({});
      bin_of.push_back(bin);
      groups_.back().members.push_back(g);
    }
    for (group& g : groups_) {
      for (const std::size_t k : g.members) {
        g.multiplicity += table.directions[k].multiplicity;
        g.variance += table.directions[k].multiplicity * table.directions[k].variance;
      }
      g.variance /= g.multiplicity;
      axes_ += g.multiplicity;
    }
  }

  std::size_t groups() const { return groups_.size(); }
  double share(std::size_t g) const { return groups_[g].multiplicity / axes_; }
  // v + sigma_end^2
  double at_end(std::size_t g) const { return groups_[g].variance + end_; }

  // sigma^2 V of the two parts at a level, [2 groups]: the Bayes part of each group, then the excess. In the table's range.
  void errors(double sigma, double* to) const {
    const table_place p = table_.place(sigma);
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      double bayes = 0, excess = 0;
      for (const std::size_t k : groups_[g].members) {
        const double weight = table_.directions[k].multiplicity / groups_[g].multiplicity * p.to_x0;
        bayes += weight * table_.bayes_along(k, p);
        excess += weight * table_.excess_along(k, p);
      }
      // Beyond the last row nothing but the linear estimate's variance is left.
      to[g] = bayes;
      to[groups_.size() + g] = excess;
    }
  }
  void transports(double sigma, double* to) const {
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const double there = groups_[g].variance + sigma * sigma;
      to[g] = there > 0 ? at_end(g) / there : 1;
    }
  }
  static double way(double from, double to) { return std::isinf(from) ? 1 : (1 - to / from) * (1 - to / from); }

  // B and E of every group, [2 groups], of a run through these.
  void sums(std::span<const double> sigmas, std::vector<double>& to) const {
    const std::size_t n = groups_.size();
    to.assign(2 * n, 0.0);
    errors_.resize(2 * n);
    transports_.resize(n);
    for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
      errors(sigmas[i], errors_.data());
      transports(sigmas[i + 1], transports_.data());
      const double w = way(sigmas[i], sigmas[i + 1]);
      for (std::size_t g = 0; g < n; ++g) {
        to[g] += w * errors_[g] * transports_[g];
        to[n + g] += w * errors_[n + g] * transports_[g];
      }
    }
  }
  error_split split(const std::vector<double>& sums) const {
    error_split s{0, 0};
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      if (at_end(g) > 0) s.discretisation += share(g) * sums[g] * sums[g] / (4 * at_end(g));
      s.prediction += share(g) * sums[groups_.size() + g];
    }
    return s;
  }
  error_split of(std::span<const double> sigmas) const {
    sums(sigmas, sums_);
    return split(sums_);
  }
  // J alone: the sum of all parts, as if all were the predictor's variance.
  double first_order(std::span<const double> sigmas) const {
    sums(sigmas, sums_);
    double j = 0;
    for (std::size_t g = 0; g < groups_.size(); ++g) j += share(g) * (sums_[g] + sums_[groups_.size() + g]);
    return j;
  }

 private:
  struct group {
    double variance = 0, multiplicity = 0;
    std::vector<std::size_t> members;
  };
  const error_table& table_;
  double end_, axes_ = 0;
  std::vector<group> groups_;
  mutable std::vector<double> errors_, transports_, sums_;
};

}  // namespace noisefall
