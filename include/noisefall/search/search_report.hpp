// What a search came to: the trajectory, and the account of it.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <noisefall/search/linear_error.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// One evaluation of the found run.
struct evaluation_share {
  double sigma = 0;  // sigma / alpha
  double share = 0;  // of the prediction error, 0 to 1
};

// The best trajectory of one number of steps.
struct step_count_result {
  std::size_t steps = 0;
  double objective = 0;
  std::vector<double> sigmas;  // steps + 1 values of sigma / alpha, both ends included
};

// Numbers that do not apply are NaN, lists that do not are empty.
struct search_report {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();

  std::string policy, solver;
  std::string objective;  // what the policy reduced, in words
  double objective_before = none, objective_after = none;
  bool changed = false;       // no: the base itself is what was found
  bool stopped = false;       // through its stop request: the best so far
  error_split before, after;  // by the solver's own weights, where an error table was given
  std::vector<evaluation_share> shares;
  std::vector<step_count_result> by_steps;
  std::size_t at_minimum_gap = 0;  // pairs of neighbours that stand as near to each other as they may
  std::size_t at_box = 0;          // ratios at the end of their box (vrg_classic)
  std::size_t tried = 0;           // trajectories whose objective was worked out
  std::size_t evaluations = 0;     // of the network, by runs of it
  double fidelity = none;          // Spearman's correlation of the objective and the paired error, where both are known
};

// What search() gives.
struct search_result {
  trajectory path;
  search_report report;
};

}  // namespace noisefall
