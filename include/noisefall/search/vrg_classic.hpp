// Variance-Reduction Guidance as it was published, for comparison: the box, and the cost that is mostly not error.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/search/error_table.hpp>
#include <noisefall/search/evidence.hpp>
#include <noisefall/search/search_problem.hpp>
#include <noisefall/search/search_report.hpp>

namespace noisefall {

// Evidence: what the predictor's errors are. Reduces the published cost of DDIM, whatever the solver,
//   sum_k (sigma_k - sigma_{k-1})^2 V(sigma_k),   V the total mean square per element       (arXiv:2510.21792)
// over ratios abar_k / abar_{k-1}, each within min(gamma, itself, 1 - itself) of the base's, by projected gradients on
// these numbers. Both ends stay: there is no penalty to pay. A local search and only that: V is the Bayes part for the
// most part, an error is not fed back, and with a large gamma the cost falls while the samples get worse (a test shows
// it). What reduces the error is transport_dp.
struct vrg_classic {
  using needs = needed_evidence<error_table>;
  static constexpr std::string_view name = "vrg_classic";

  double gamma = 0.01;  // above 0; 1: no box
  std::size_t iterations = 3000;
  bool excess_only = false;  // V the excess instead: then a perfect predictor leaves nothing to reduce

  void check() const { require(gamma > 0 && std::isfinite(gamma), "vrg_classic.gamma", {"is ", gamma}, "above 0"); }

  double objective(const error_table& table, std::span<const double> sigmas) const {
    double sum = 0;
    for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
      const double h = sigmas[i] - sigmas[i + 1];
      sum += h * h * (excess_only ? table.excess(sigmas[i]) : table.total(sigmas[i]));
    }
    return sum;
  }

  // The same, ready to be asked; the table must outlive it.
  auto judge(const search_problem&, const error_table& table) const {
    return [*this, &table](std::span<const double> sigmas) { return objective(table, sigmas); };
  }

  search_result search(const search_problem& problem, const error_table& table) const {
    const std::vector<double>& base = problem.sigmas();
    table.check();
    require(std::isfinite(base.front()), name, "a base that starts at infinite noise, whose abar is 0",
            "a base that starts at finite noise");
    require(!excess_only || table.knows_excess(), name, "an excess that is not known", "a table with the excess");
    const std::size_t n = problem.steps();
    // x_i = ln(1 + sigma_i^2) - ln(1 + sigma_{i+1}^2) = -ln of the ratio of abar; their sum stays.
    std::vector<double> x(n), low(n), high(n);
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = std::log1p(base[i] * base[i]) - std::log1p(base[i + 1] * base[i + 1]);
      const double ratio = std::exp(-x[i]), g = std::min({gamma, ratio, 1 - ratio});
      low[i] = -std::log(std::min(ratio + g, 1.0));
      high[i] = ratio - g > 0 ? -std::log(ratio - g) : std::numeric_limits<double>::infinity();
    }
    double whole = 0;
    for (const double v : x) whole += v;

    const auto sigmas_of = [&](const std::vector<double>& at) {
      std::vector<double> s = base;
      double left = std::log1p(base.front() * base.front());
      for (std::size_t i = 0; i + 2 < s.size(); ++i) s[i + 1] = std::sqrt(std::max(0.0, std::expm1(left -= at[i])));
      return s;
    };
    const auto is_allowed = [&](const std::vector<double>& s) {
      for (std::size_t i = 1; i < s.size(); ++i)
        if (!(s[i] < s[i - 1]) || !problem.apart(s[i - 1], s[i]) || (i + 1 < s.size() && !table.covers(s[i])))
          return false;
      return true;
    };
    // The nearest point of the box with the same sum.
    const auto project = [&](std::vector<double> at) {
      double least = -whole - 1, most = whole + 1;
      for (const double v : at) {
        least = std::min(least, -std::abs(v) - whole - 1);
        most = std::max(most, std::abs(v) + whole + 1);
      }
      std::vector<double> moved(n);
      for (int k = 0; k < 200; ++k) {
        const double shift = (least + most) / 2;
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += moved[i] = std::clamp(at[i] + shift, low[i], high[i]);
        (sum > whole ? most : least) = shift;
      }
      return moved;
    };

    search_report report;
    report.objective = "the published cost, sum h^2 V";
    double value = objective(table, base);
    report.objective_before = value;
    double length = 1;
    for (std::size_t k = 0; k < iterations && value > 0 && n > 1; ++k) {
      if ((report.stopped = problem.stopped())) break;
      std::vector<double> slope(n), to = x;
      for (std::size_t i = 0; i < n; ++i) {
        const double step = 1e-6 * std::max(x[i], 1e-6);
        to[i] = x[i] + step;
        const double up = objective(table, within(table, sigmas_of(to)));
        to[i] = x[i] - step;
        slope[i] = (up - objective(table, within(table, sigmas_of(to)))) / (2 * step);
        to[i] = x[i];
      }
      report.tried += 2 * n;
      double steepest = 0;
      for (const double s : slope) steepest = std::max(steepest, std::abs(s));
      if (!(steepest > 0)) break;
      const double before = value;
      for (length = std::min(4 * length, 1e6); length > 1e-12; length /= 2) {
        for (std::size_t i = 0; i < n; ++i) to[i] = x[i] - length * slope[i] / steepest;
        to = project(std::move(to));
        const std::vector<double> s = sigmas_of(to);
        ++report.tried;
        if (!is_allowed(s)) continue;
        const double there = objective(table, s);
        if (!(there < value)) continue;
        value = there;
        x = to;
        break;
      }
      if (!(value < before * (1 - 1e-12))) break;
    }
    const bool better = value < report.objective_before * (1 - 1e-9);
    report.objective_after = better ? value : report.objective_before;
    report.changed = better;
    for (std::size_t i = 0; i < n && better; ++i)
      if (x[i] - low[i] < 1e-6 * (high[i] - low[i]) || high[i] - x[i] < 1e-6 * (high[i] - low[i])) ++report.at_box;
    return {problem.path_of(better ? sigmas_of(x) : base), std::move(report)};
  }

 private:
  // For differences at the rim of the table.
  static std::vector<double> within(const error_table& table, std::vector<double> sigmas) {
    for (std::size_t i = 1; i + 1 < sigmas.size(); ++i)
      sigmas[i] = std::clamp(sigmas[i], table.sigma_min(), table.sigma_max());
    return sigmas;
  }
};

}  // namespace noisefall
