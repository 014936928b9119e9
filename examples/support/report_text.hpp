// The account of a search, as text to read.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>

#include <noisefall/search/search_report.hpp>

namespace examples {

namespace nf = noisefall;

/// Objective, its two parts before and after, and what each evaluation of the found run has of the prediction error.
inline std::string text_of(const nf::search_report& of) {
  std::string text;
  char line[160];
  const auto add = [&](auto... parts) {
    std::snprintf(line, sizeof line, parts...);
    text += line;
  };
  add("%s, for %s: %s\n", of.policy.c_str(), of.solver.c_str(), of.objective.c_str());
  add("  objective       %.4g -> %.4g%s%s\n", of.objective_before, of.objective_after,
      of.changed ? "" : " (the base stays)", of.stopped ? " (stopped early)" : "");
  if (!std::isnan(of.before.total())) {
    add("  discretisation  %.4g -> %.4g\n", of.before.discretisation, of.after.discretisation);
    add("  prediction      %.4g -> %.4g\n", of.before.prediction, of.after.prediction);
  }
  if (!of.shares.empty()) {
    text += "  of which, by evaluation:";
    for (const nf::evaluation_share& s : of.shares) add(" %.0f%% at %.3g,", 100 * s.share, s.sigma);
    text.back() = '\n';
  }
  if (!std::isnan(of.fidelity)) add("  Spearman with the paired error: %.2f\n", of.fidelity);
  add("  %zu trajectories tried, %zu evaluations of the network, %zu gaps at their smallest\n", of.tried,
      of.evaluations, of.at_minimum_gap);
  return text;
}

}  // namespace examples
