// The default search: an exact dynamic programme on transported step costs, for all numbers of steps at once.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Dense>

#include <noisefall/core/error.hpp>
#include <noisefall/search/descent.hpp>
#include <noisefall/search/error_table.hpp>
#include <noisefall/search/evidence.hpp>
#include <noisefall/search/linear_error.hpp>
#include <noisefall/search/node_positions.hpp>
#include <noisefall/search/search_problem.hpp>
#include <noisefall/search/search_report.hpp>
#include <noisefall/search/shortest_path.hpp>
#include <noisefall/search/transport_cost.hpp>

namespace noisefall {

namespace detail {

// Where levels may stand, the transport costs between them, and the cheapest paths through them.
class transport_grid {
 public:
  transport_grid(const search_problem& problem, const error_table& table, std::size_t candidates)
      : problem_{problem}, cost_{table, problem.sigmas().back()} {
    const std::vector<double>& base = problem.sigmas();
    const double high = std::isinf(base.front()) ? table.sigma_max() : base.front();
    const double low = base.back() == 0 ? table.sigma_min() : base.back();
    std::vector<double> between(base.begin() + 1, base.end() - 1);
    for (std::size_t i = 0; i < candidates; ++i)
      between.push_back(low * std::pow(high / low, (static_cast<double>(i) + 0.5) / static_cast<double>(candidates)));
    for (double& s : between) s = problem.allowed(s);
    std::sort(between.begin(), between.end(), std::greater<>{});
    sigmas_.push_back(base.front());
    for (const double s : between)
      if (s < sigmas_.back() && s > base.back() && (std::isinf(base.front()) || s < base.front()) && table.covers(s))
        sigmas_.push_back(s);
    sigmas_.push_back(base.back());
    for (const double s : sigmas_) lambdas_.push_back(-std::log(s));
    const std::size_t n = sigmas_.size(), g = cost_.groups();
    errors_.assign(n * 2 * g, 0.0);
    transports_.assign(n * g, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      if (i + 1 < n) cost_.errors(sigmas_[i], errors_.data() + i * 2 * g);
      if (i > 0) cost_.transports(sigmas_[i], transports_.data() + i * g);
    }
  }

  const transport_cost& cost() const { return cost_; }
  std::size_t nodes() const { return sigmas_.size(); }

  // Bayes parts weigh by their group, excess parts by 1.
  shortest_paths paths(const std::vector<double>& of_bayes, std::size_t most) const {
    const std::size_t n = sigmas_.size(), g = cost_.groups();
    pair_costs costs{n};
    std::vector<double> weighed(g);
    for (std::size_t i = 0; i + 1 < n; ++i) {
      for (std::size_t k = 0; k < g; ++k)
        weighed[k] = cost_.share(k) * (of_bayes[k] * errors_[i * 2 * g + k] + errors_[i * 2 * g + g + k]);
      for (std::size_t j = i + 1; j < n; ++j) {
        if (lambdas_[j] - lambdas_[i] < problem_.how().minimum_gap * (1 - 1e-9)) continue;
        const double* to = transports_.data() + j * g;
        double sum = 0;
        for (std::size_t k = 0; k < g; ++k) sum += weighed[k] * to[k];
        costs(i, j) = transport_cost::way(sigmas_[i], sigmas_[j]) * sum;
      }
    }
    return {costs, most};
  }
  std::vector<double> sigmas_of(const shortest_paths& of, std::size_t steps) const {
    std::vector<double> s;
    for (const std::size_t k : of.path(steps)) s.push_back(sigmas_[k]);
    return s;
  }

 private:
  const search_problem& problem_;
  transport_cost cost_;
  std::vector<double> sigmas_, lambdas_, errors_, transports_;
};

}  // namespace detail

// Evidence: what the predictor's errors are. Whatever the solver, steps cost what they do under DDIM, transported to the
// end (transport_cost.hpp); the dynamic programme is exact on its candidates, log-spaced ones and the base's own. The
// two parts of the total add up as a square and a sum: the square is made straight at the paths of 1, 2, 4, 8 ... steps,
// the programme run again, and the best path of each number of steps kept. A continuous descent then leaves the grid.
// Of the paths found, and the base, the one with the least error by the solver's own weights (linear_error.hpp) is
// taken: so a solver of high order, whose steps cost otherwise, is not harmed; linear_surrogate goes on from there.
struct transport_dp {
  using needs = needed_evidence<error_table>;
  static constexpr std::string_view name = "transport_dp";

  std::size_t candidates = 200;  // one or more, beside the base's own levels
  std::size_t most_steps = 0;    // the best of 1 to so many steps is reported; 0: of the base's number alone
  bool combined = true;          // the total; false: J, the plain sum of all parts
  bool polish = true;            // leave the grid

  void check() const { require(candidates >= 1, "transport_dp.candidates", {"is ", candidates}, "one or more"); }

  // What it reduces, of a run through these levels.
  double objective(const transport_cost& cost, std::span<const double> sigmas) const {
    return combined ? cost.of(sigmas).total() : cost.first_order(sigmas);
  }

  // The same, ready to be asked; the table must outlive it.
  auto judge(const search_problem& problem, const error_table& table) const {
    return [*this, cost = transport_cost{table, problem.sigmas().back()}](std::span<const double> sigmas) {
      return objective(cost, sigmas);
    };
  }

  // The best path of the base's number of steps, on the grid: none where constraints leave none.
  std::vector<std::vector<double>> paths(const search_problem& problem, const error_table& table) const {
    search_report ignored;
    std::vector<double> path = best_paths(problem, table, problem.steps(), ignored)[problem.steps()];
    if (path.empty()) return {};
    return {std::move(path)};
  }

  search_result search(const search_problem& problem, const error_table& table) const {
    const std::vector<double>& base = problem.sigmas();
    linear_error error{table};
    search_report report;
    report.objective = "the total error at the end, by the solver's weights";
    const double before = error(problem.response_of(base)).total();  // refuses what the table does not cover
    const std::size_t steps = problem.steps(), most = std::max(steps, most_steps);
    const std::vector<std::vector<double>> found = best_paths(problem, table, most, report);

    std::vector<double> best = base;
    double least = before;
    const auto consider = [&](const std::vector<double>& sigmas) {
      const double there = error(problem.response_of(sigmas)).total();
      ++report.tried;
      if (!(there < least * (1 - 1e-9))) return;
      least = there;
      best = sigmas;
    };
    if (!found[steps].empty()) {
      consider(found[steps]);
      if (polish && steps > 1) {
        const transport_cost cost{table, base.back()};
        const node_positions positions{problem, table.sigma_min(), table.sigma_max()};
        std::vector<double> sigmas;
        const descent_result down = descend(
            [&](const Eigen::VectorXd& u) {
              positions.sigmas(u, sigmas);
              return objective(cost, sigmas);
            },
            positions.numbers(found[steps]), {}, [&] { return problem.stopped(); });
        report.tried += down.values;
        consider(positions.sigmas(down.at));
        report.at_minimum_gap = positions.tight(best);
      }
    }
    report.objective_before = before;
    report.objective_after = least;
    report.changed = best != base;
    report.stopped = report.stopped || problem.stopped();
    return {problem.path_of(best), std::move(report)};
  }

 private:
  // By the number of steps; empty where there is no path, or the search was stopped before it.
  std::vector<std::vector<double>> best_paths(const search_problem& problem, const error_table& table, std::size_t most,
                                              search_report& report) const {
    const detail::transport_grid grid{problem, table, candidates};
    require(most < grid.nodes(), "transport_dp", {most, " steps through ", grid.nodes() - 1, " candidates"},
            "more candidates than steps, within the table and at allowed times");
    const std::size_t steps = problem.steps();
    std::vector<std::vector<double>> best(most + 1);
    std::vector<double> least(most + 1, std::numeric_limits<double>::infinity());
    const auto keep = [&](const shortest_paths& paths) {
      for (std::size_t k = most_steps > 0 ? 1 : steps; k <= paths.most(); ++k) {
        if (std::isinf(paths.cost(k))) continue;
        std::vector<double> sigmas = grid.sigmas_of(paths, k);
        const double value = objective(grid.cost(), sigmas);
        ++report.tried;
        if (value >= least[k]) continue;
        least[k] = value;
        best[k] = std::move(sigmas);
      }
    };
    keep(grid.paths(std::vector<double>(grid.cost().groups(), 1.0), most));
    std::vector<double> sums, straight(grid.cost().groups());
    const std::vector<std::vector<double>> at_first = best;
    for (std::size_t octave = most_steps > 0 ? 1 : steps; combined && octave <= most; octave *= 2) {
      if ((report.stopped = problem.stopped())) break;
      if (at_first[octave].empty()) continue;
      const std::size_t until = most_steps > 0 ? std::min(most, 2 * octave - 1) : steps;
      for (int again = 0; again < (most_steps > 0 ? 1 : 3); ++again) {
        grid.cost().sums(best[octave], sums);
        for (std::size_t g = 0; g < straight.size(); ++g)
          straight[g] = grid.cost().at_end(g) > 0 ? sums[g] / (2 * grid.cost().at_end(g)) : 0;
        keep(grid.paths(straight, until));
      }
    }
    for (std::size_t k = 1; k <= most && most_steps > 0; ++k)
      if (!best[k].empty()) report.by_steps.push_back({k, least[k], best[k]});
    return best;
  }
};

}  // namespace noisefall
