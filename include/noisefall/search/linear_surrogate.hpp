// The search by the solver's own weights: bias^2 + w^T Cov w, for any solver that plans rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
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
#include <noisefall/search/transport_dp.hpp>

namespace noisefall {

// Which part of the error at the end a search reduces.
enum class error_part : std::uint8_t { all, discretisation, prediction };

// Evidence: what the predictor's errors are. Reduces the error that linear_error.hpp states, of this solver with its
// history, its corrector, its inner evaluations and its noise, under correlated errors, guided or not; exact for Gaussian
// data. A local search by descent, from the base and from what transport_dp finds: `starts` of them, the best first.
struct linear_surrogate {
  using needs = needed_evidence<error_table>;
  static constexpr std::string_view name = "linear_surrogate";

  error_part reduces = error_part::all;
  std::size_t starts = 2;         // one or more
  std::size_t iterations = 100;   // of each descent
  transport_dp first{};           // where it begins
  std::size_t quick_groups = 24;  // directions are taken together while it descends, not where results are compared

  void check() const {
    require(starts >= 1, "linear_surrogate.starts", {"is ", starts}, "one or more");
    first.check();
  }

  static double part_of(const error_split& s, error_part part) {
    return part == error_part::all ? s.total() : part == error_part::prediction ? s.prediction : s.discretisation;
  }

  // What it reduces, ready to be asked of levels; problem and table must outlive it.
  auto judge(const search_problem& problem, const error_table& table) const {
    return [&problem, &table, part = reduces](std::span<const double> sigmas) {
      return part_of(linear_error{table}(problem.response_of(sigmas)), part);
    };
  }

  search_result search(const search_problem& problem, const error_table& table) const {
    const std::vector<double>& base = problem.sigmas();
    linear_error error{table}, quick{table, quick_groups};
    search_report report;
    report.objective = reduces == error_part::all ? "the total error at the end, by the solver's weights"
                       : reduces == error_part::prediction
                           ? "the prediction error at the end, by the solver's weights"
                           : "the discretisation error at the end, by the solver's weights";
    const auto value = [&](const std::vector<double>& sigmas) {
      ++report.tried;
      return part_of(error(problem.response_of(sigmas)), reduces);
    };
    struct tried {
      double value;
      std::vector<double> sigmas;
    };
    tried best{value(base), base};
    report.objective_before = best.value;
    if (best.value > 0 && problem.steps() > 1) {
      const node_positions positions{problem, table.sigma_min(), table.sigma_max()};
      std::vector<tried> from{best};
      for (const bool combined : {true, false}) {
        transport_dp begin = first;
        begin.combined = combined;
        begin.most_steps = 0;
        if (problem.stopped() || problem.steps() > begin.candidates) break;
        for (std::vector<double>& sigmas : begin.paths(problem, table)) {
          const double there = value(sigmas);
          from.push_back({there, std::move(sigmas)});
        }
      }
      std::sort(from.begin(), from.end(), [](const tried& a, const tried& b) {
        return a.value < b.value || (a.value == b.value && a.sigmas < b.sigmas);
      });
      std::vector<double> sigmas;
      for (std::size_t k = 0; k < std::min(starts, from.size()) && !problem.stopped(); ++k) {
        const descent_result down = descend(
            [&](const Eigen::VectorXd& u) {
              positions.sigmas(u, sigmas);
              return part_of(quick(problem.response_of(sigmas)), reduces);
            },
            positions.numbers(from[k].sigmas), {.iterations = iterations}, [&] { return problem.stopped(); });
        report.tried += down.values;
        sigmas = positions.sigmas(down.at);
        from.push_back({value(sigmas), sigmas});
      }
      for (tried& t : from)
        if (t.value < best.value * (1 - 1e-9)) best = std::move(t);
      report.at_minimum_gap = positions.tight(best.sigmas);
    }
    report.objective_after = best.value;
    report.changed = best.sigmas != base;
    report.stopped = problem.stopped();
    return {problem.path_of(best.sigmas), std::move(report)};
  }
};

}  // namespace noisefall
