// The cost of one DDIM step between two noise levels, with what becomes of its error until the end.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <noisefall/search/error_curves.hpp>
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
      : curves_{table, most_groups}, end_{sigma_end * sigma_end} {}

  std::size_t groups() const { return curves_.groups(); }
  double share(std::size_t g) const { return curves_.share(g); }
  // v + sigma_end^2
  double at_end(std::size_t g) const { return curves_.variance(g) + end_; }

  // sigma^2 V of the two parts at a level, [2 groups]: the Bayes part of each group, then the excess. In the table's range.
  void errors(double sigma, double* to) const {
    const table_place p = curves_.table().place(sigma);
    for (std::size_t g = 0; g < groups(); ++g) {
      to[g] = p.to_x0 * curves_.bayes(g, p);
      to[groups() + g] = p.to_x0 * curves_.excess(g, p);
    }
  }
  void transports(double sigma, double* to) const {
    for (std::size_t g = 0; g < groups(); ++g) {
      const double there = curves_.variance(g) + sigma * sigma;
      to[g] = there > 0 ? at_end(g) / there : 1;
    }
  }
  static double way(double from, double to) { return std::isinf(from) ? 1 : (1 - to / from) * (1 - to / from); }

  // B and E of every group, [2 groups], of a run through these.
  void sums(std::span<const double> sigmas, std::vector<double>& to) const {
    const std::size_t n = groups();
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
    for (std::size_t g = 0; g < groups(); ++g) {
      if (at_end(g) > 0) s.discretisation += share(g) * sums[g] * sums[g] / (4 * at_end(g));
      s.prediction += share(g) * sums[groups() + g];
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
    for (std::size_t g = 0; g < groups(); ++g) j += share(g) * (sums_[g] + sums_[groups() + g]);
    return j;
  }

 private:
  error_curves curves_;
  double end_;
  mutable std::vector<double> errors_, transports_, sums_;
};

}  // namespace noisefall
