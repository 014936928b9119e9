// What is known of a predictor's errors: per noise level, along the data's directions, and between levels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>

namespace noisefall {

// The errors of eps-prediction at one value of sigma / alpha, per element of a sample. Their x0 form is -sigma times it.
//   total   mean square of eps_hat - eps against the noise that was drawn. Most of it is no error: a perfect predictor has
//           E tr Cov(eps | x) / d, the Bayes part.
//   excess  mean square of eps_hat - E[eps | x], the error itself; NaN: unknown.
//   mean    of eps_hat - E[eps | x] over samples and elements (of eps_hat - eps where the excess is unknown: the same
//           number, with more noise).
// standard errors over the samples; NaN for numbers that come from a formula.
struct level_errors {
  double sigma = 0;
  double total = 0, excess = std::numeric_limits<double>::quiet_NaN(), mean = 0;
  double total_deviation = std::numeric_limits<double>::quiet_NaN();
  double excess_deviation = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> total_along, excess_along;  // one per direction; excess_along empty: unknown
  // Of a guided predictor: mean products of the branches' own errors, [branches][branches], so that errors under other
  // weights follow: sum_ab w_a w_b product(a, b).
  std::vector<double> branch_total, branch_excess;
};

// A group of directions of the data that share a variance: one principal axis, or many of them.
struct data_direction {
  double variance = 1;
  double multiplicity = 1;  // how many axes
};

// One level between a table's rows.
struct table_place {
  std::size_t row = 0;  // and the next one
  double part = 0;      // 0: the row itself
  double to_x0 = 0;     // sigma^2, which makes an error's square in eps that in x0
};

// Rows of rising sigma, two or more. Between rows numbers follow straight lines over ln sigma, of their logarithms where
// both are positive; outside of the rows every question is refused: nothing is extrapolated. Infinite noise (flows, zero
// terminal SNR), for which no row can stand, is where x0 errors come to their limit: where the last row is within a
// hundredth of it in every direction, it answers there too.
struct error_table {
  std::vector<level_errors> levels;
  std::vector<data_direction> directions{{}};
  // Of excess errors (of total ones where the excess is unknown) at levels i and j for the same sample and noise,
  // [levels][levels]; empty: errors at different levels are independent.
  std::vector<double> correlation;
  std::size_t samples = 0;  // 0: from a formula
  std::size_t branches = 1;
  // Above the last level, at finite noise too, x0 errors are as large as there, and no less alike: true of a level that is
  // pure noise to the eye already.
  bool holds_beyond = false;

  bool knows_excess() const { return !levels.empty() && !std::isnan(levels.front().excess); }
  double sigma_min() const { return levels.front().sigma; }
  double sigma_max() const { return levels.back().sigma; }

  void check() const {
    constexpr std::string_view where = "error_table";
    require(levels.size() >= 2, where, {levels.size(), " levels"}, "two levels or more");
    require(!directions.empty(), where, "no direction of the data", "one direction or more, with its variance");
    for (const data_direction& d : directions)
      require(d.variance >= 0 && std::isfinite(d.variance) && d.multiplicity > 0 && std::isfinite(d.multiplicity),
              where, {"a direction of variance ", d.variance, ", multiplicity ", d.multiplicity},
              "finite variances >= 0 and multiplicities > 0");
    for (std::size_t i = 0; i < levels.size(); ++i) check_level(i);
    require(correlation.empty() || correlation.size() == levels.size() * levels.size(), where,
            {correlation.size(), " correlations for ", levels.size(), " levels"},
            "one for each pair of levels, or none");
    for (const double c : correlation) require(std::abs(c) <= 1 + 1e-9, where, {"a correlation of ", c}, "-1 to 1");
  }

  // From which level on the Bayes part in x0, v / (1 + v / sigma^2), is within a hundredth of its limit, v.
  double noise_from() const {
    double widest = 0;
    for (const data_direction& d : directions) widest = std::max(widest, d.variance);
    return std::sqrt(99 * widest);
  }
  bool covers(double sigma) const {
    const double most = std::isinf(sigma) && sigma_max() >= noise_from() ? sigma : sigma_max() * (1 + 1e-12);
    return sigma >= sigma_min() * (1 - 1e-12) && (holds_beyond || sigma <= most);
  }

  // Throws unless sigma is within the rows.
  table_place place(double sigma) const {
    if (!covers(sigma) && std::isinf(sigma))
      refuse("error_table", {"asked at infinite noise, its last level being sigma / alpha = ", sigma_max()},
             {"a table that is measured up to sigma / alpha = ", noise_from(),
              " (sigma_max), where little but noise is left, or one with holds_beyond = true"});
    if (!covers(sigma))
      refuse("error_table", {"asked at sigma / alpha = ", sigma},
             {"its levels, ", sigma_min(), " to ", sigma_max(), ": nothing is extrapolated; measure there too",
              sigma > sigma_max() ? ", or set holds_beyond" : ""});
    const auto above = std::upper_bound(levels.begin(), levels.end(), sigma,
                                        [](double s, const level_errors& l) { return s < l.sigma; });
    const auto found = static_cast<std::size_t>(above - levels.begin());
    const std::size_t row = std::min(found == 0 ? 0 : found - 1, levels.size() - 2);
    const double low = levels[row].sigma, high = levels[row + 1].sigma;
    if (sigma <= low) return {row, 0, sigma * sigma};
    if (sigma >= high) return {row, 1, high * high};
    return {row, std::log(sigma / low) / std::log(high / low), sigma * sigma};
  }
  static double between(double low, double high, double part) {
    if (part == 0) return low;
    if (part == 1) return high;
    if (low > 0 && high > 0) return low * std::pow(high / low, part);
    return low + part * (high - low);
  }

  double total(double sigma) const { return at(sigma, &level_errors::total); }
  double excess(double sigma) const { return at(sigma, &level_errors::excess); }
  double mean(const table_place& p) const {
    return levels[p.row].mean + p.part * (levels[p.row + 1].mean - levels[p.row].mean);
  }
  double total_along(std::size_t direction, const table_place& p) const {
    return between(levels[p.row].total_along[direction], levels[p.row + 1].total_along[direction], p.part);
  }
  // The Bayes part at most, by the linear estimate's error: v / (v + sigma^2). What the total has beyond it is excess for
  // certain; where the excess is not known, it counts as no less than that.
  double excess_along(std::size_t direction, const table_place& p) const {
    const auto of = [&](std::size_t row) {
      const level_errors& l = levels[row];
      if (!l.excess_along.empty()) return l.excess_along[direction];
      const double v = directions[direction].variance;
      return std::max(0.0, l.total_along[direction] - v / (v + l.sigma * l.sigma));
    };
    return between(of(p.row), of(p.row + 1), p.part);
  }
  // The rest of the total, no more than the linear estimate leaves.
  double bayes_along(std::size_t direction, const table_place& p) const {
    const auto of = [&](std::size_t row) {
      const level_errors& l = levels[row];
      const double v = directions[direction].variance, most = v / (v + l.sigma * l.sigma);
      const double excess = l.excess_along.empty() ? 0 : l.excess_along[direction];
      return std::clamp(l.total_along[direction] - excess, 0.0, most);
    };
    return between(of(p.row), of(p.row + 1), p.part);
  }
  // 1 for an evaluation and itself; positive semi-definite as the rows are.
  double correlation_between(const table_place& a, const table_place& b) const {
    if (correlation.empty()) return 0;
    const std::size_t n = levels.size();
    const auto c = [&](std::size_t i, std::size_t j) { return correlation[i * n + j]; };
    return (1 - a.part) * ((1 - b.part) * c(a.row, b.row) + b.part * c(a.row, b.row + 1)) +
           a.part * ((1 - b.part) * c(a.row + 1, b.row) + b.part * c(a.row + 1, b.row + 1));
  }

  // The mean square per element under other branch weights (their sum 1), from the products that were measured.
  static double under_weights(const std::vector<double>& products, const std::vector<double>& weights) {
    require(products.size() == weights.size() * weights.size(), "error_table: branches",
            {weights.size(), " weights, ", products.size(), " products"}, "a weight for each branch measured");
    double sum = 0;
    for (std::size_t a = 0; a < weights.size(); ++a)
      for (std::size_t b = 0; b < weights.size(); ++b)
        sum += weights[a] * weights[b] * products[a * weights.size() + b];
    return sum;
  }

 private:
  double at(double sigma, double level_errors::*number) const {
    const table_place p = place(sigma);
    return between(levels[p.row].*number, levels[p.row + 1].*number, p.part);
  }

  void check_level(std::size_t i) const {
    const level_errors& l = levels[i];
    const std::string where = "error_table: level " + std::to_string(i);
    require(l.sigma > 0 && std::isfinite(l.sigma) && (i == 0 || l.sigma > levels[i - 1].sigma), where,
            {"sigma / alpha = ", l.sigma}, "finite values above 0, rising");
    require(l.total >= 0 && std::isfinite(l.total) && std::isfinite(l.mean), where,
            {"total ", l.total, ", mean ", l.mean}, "finite numbers, a total of 0 or more");
    require(std::isnan(l.excess) == !knows_excess() && l.excess_along.empty() == !knows_excess(), where,
            "the excess is known at some levels, or along some directions, only", "excess at every level, or at none");
    require(l.total_along.size() == directions.size() &&
                (l.excess_along.empty() || l.excess_along.size() == directions.size()),
            where, {l.total_along.size(), " values along ", directions.size(), " directions"},
            "one for each direction");
    for (const auto* along : {&l.total_along, &l.excess_along})
      for (const double v : *along)
        require(v >= 0 && std::isfinite(v), where, {"a mean square of ", v}, "finite numbers >= 0");
  }
};

// A table by formulas, at `count` log-spaced levels: total(direction's variance, sigma), excess(variance, sigma).
template <class Total, class Excess>
error_table tabulate_errors(double sigma_min, double sigma_max, std::size_t count,
                            std::vector<data_direction> directions, const Total& total, const Excess& excess) {
  require(count >= 2 && sigma_min > 0 && sigma_max > sigma_min && std::isfinite(sigma_max), "tabulate_errors",
          {count, " levels from ", sigma_min, " to ", sigma_max}, "two levels or more, 0 < sigma_min < sigma_max");
  error_table table;
  table.directions = std::move(directions);
  double all = 0;
  for (const data_direction& d : table.directions) all += d.multiplicity;
  for (std::size_t i = 0; i < count; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(count - 1);
    level_errors l;
    l.sigma = i == 0 ? sigma_min : i + 1 == count ? sigma_max : sigma_min * std::pow(sigma_max / sigma_min, part);
    l.excess = 0;
    for (const data_direction& d : table.directions) {
      l.total_along.push_back(total(d.variance, l.sigma));
      l.excess_along.push_back(excess(d.variance, l.sigma));
      l.total += d.multiplicity / all * l.total_along.back();
      l.excess += d.multiplicity / all * l.excess_along.back();
    }
    table.levels.push_back(std::move(l));
  }
  table.check();
  return table;
}

}  // namespace noisefall
