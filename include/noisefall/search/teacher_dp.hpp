// The search along a teacher's path: what each step of the chosen solver misses, and the cheapest path through it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/sampler/policies.hpp>
#include <noisefall/search/evidence.hpp>
#include <noisefall/search/search_problem.hpp>
#include <noisefall/search/search_report.hpp>
#include <noisefall/search/shortest_path.hpp>
#include <noisefall/search/teacher.hpp>

namespace noisefall {

// Evidence: a teacher. Its states at the candidates are worked out once; steps of the chosen solver are held against them.
//   local    as GITS (Chen et al. 2024, arXiv:2405.11326): each step starts at the teacher's state, the k-th counts
//            gamma^(k - 1) times. One evaluation a candidate; a multistep solver finds in its history what the network
//            says at the candidates that lie as far behind
//   carried  as OSS (Li et al. 2025, arXiv:2503.21774): at each candidate the state of those reachable in k steps that is
//            nearest to the teacher's is kept, with its history, and gone on from. One evaluation per step and candidate.
//            Keeping the nearest is no optimum in general: errors may cancel later
// Solvers with inner evaluations make each step by a run of its own, without a history. Of the path found and the base
// the one with the less paired error at the end is the result.
struct teacher_dp {
  using needs = needed_evidence<teacher>;
  static constexpr std::string_view name = "teacher_dp";

  //   squared, absolute   of the difference, mean over samples and elements, in units of the data
  //   deviation           squared, of its part across the straight line from the teacher's first state to its last (GITS' dev)
  enum class form : std::uint8_t { local, carried };
  enum class measure : std::uint8_t { squared, absolute, deviation };

  form by = form::local;
  measure of = measure::squared;
  double gamma = 1.15;          // local: above 0
  std::size_t candidates = 40;  // log-spaced, beside the base's own levels
  std::size_t substeps = 4;     // of the teacher between two candidates
  double low = 0, high = 0;  // where levels may stand, if the trajectory's ends are 0 or infinite; 0: near the base's

  void check() const {
    require(gamma > 0 && std::isfinite(gamma), "teacher_dp.gamma", {"is ", gamma}, "above 0");
    require(substeps >= 1, "teacher_dp.substeps", {"is ", substeps}, "one or more");
  }

  search_result search(const search_problem& problem, const teacher& known) const {
    known.check_for(problem);
    require(bool{problem.solver().planner}, {"teacher_dp: ", problem.solver_name()}, "chooses its own steps",
            "a solver that plans rows");
    const std::size_t evaluations = known.evaluations();
    search_report report;
    report.objective = "the paired error at the end";
    report.objective_before = known.error(problem.solver(), problem.base());
    nodes along = nodes_of(problem, known);
    require(problem.steps() < along.levels.size(), "teacher_dp",
            {problem.steps(), " steps through ", along.levels.size() - 1, " candidates"}, "more candidates than steps");
    std::vector<double> best = problem.sigmas();
    report.objective_after = report.objective_before;
    const std::optional<std::vector<std::size_t>> path =
        by == form::local ? local_path(problem, known, along) : carried_path(problem, known, along);
    if (path) {
      std::vector<double> sigmas;
      for (const std::size_t k : *path) sigmas.push_back(along.levels[k].rho());
      sigmas.front() = best.front();
      sigmas.back() = best.back();
      const double there = known.error(problem.solver(), problem.path_of(sigmas));
      if (there < report.objective_before * (1 - 1e-9)) {
        report.objective_after = there;
        best = std::move(sigmas);
      }
    }
    report.tried = 2;
    report.changed = best != problem.sigmas();
    report.stopped = problem.stopped();
    report.evaluations = known.evaluations() - evaluations;
    return {problem.path_of(best), std::move(report)};
  }

 private:
  using states = teacher::states;

  struct nodes {
    std::vector<noise_level> levels;
    std::vector<states> at;  // the teacher's
    states chord;            // from its first state to its last, of length 1 in each sample, in units of the data
  };
  // A state on the way, and what the solver remembers.
  struct traveller {
    states x, previous;
    std::vector<states> past;       // readings, as x0, newest first
    std::vector<std::size_t> path;  // its nodes
    bool has_previous = false;
    std::optional<states> denoised;  // what the network says of x
  };

  nodes nodes_of(const search_problem& problem, const teacher& known) const {
    const std::vector<double>& base = problem.sigmas();
    const double top = std::isfinite(base.front()) ? base.front() : high > 0 ? high : 2 * base[1];
    const double bottom = base.back() > 0 ? base.back() : low > 0 ? low : 0.5 * base[base.size() - 2];
    std::vector<double> between(base.begin() + 1, base.end() - 1);
    for (std::size_t i = 0; i < candidates; ++i)
      between.push_back(problem.allowed(
          top * std::pow(bottom / top, (static_cast<double>(i) + 0.5) / static_cast<double>(candidates))));
    std::sort(between.begin(), between.end(), std::greater<>{});
    nodes made;
    made.levels.push_back(problem.base().front());
    for (const double s : between)
      if (s > base.back() && s < made.levels.back().rho() && problem.apart(made.levels.back().rho(), s) &&
          problem.apart(s, base.back()))
        made.levels.push_back(level_at_rho(problem.schedule(), s));
    made.levels.push_back(problem.base().back());
    made.at.push_back(known.starts(made.levels[0]));
    for (std::size_t k = 0; k + 1 < made.levels.size(); ++k) {
      const noise_level &from = made.levels[k], &to = made.levels[k + 1];
      std::vector<noise_level> fine{from};
      const bool even = from.alpha > 0 && to.sigma > 0;
      for (std::size_t s = 1; s < substeps && even; ++s)
        fine.push_back(level_at_rho(
            problem.schedule(),
            from.rho() * std::pow(to.rho() / from.rho(), static_cast<double>(s) / static_cast<double>(substeps))));
      fine.push_back(to);
      made.at.push_back(known.ends(known.solver(), trajectory{fine}, made.at.back()));
    }
    const std::size_t d = known.sample_size();
    made.chord.resize(made.at[0].size());
    for (std::size_t i = 0; i < known.samples(); ++i) {
      double length = 0;
      for (std::size_t e = i * d; e < (i + 1) * d; ++e) {
        const double first =
            made.levels.front().alpha > 0 ? made.at.front()[e] / made.levels.front().alpha : made.at.front()[e];
        made.chord[e] = made.at.back()[e] / made.levels.back().alpha - first;
        length += made.chord[e] * made.chord[e];
      }
      for (std::size_t e = i * d; e < (i + 1) * d && length > 0; ++e) made.chord[e] /= std::sqrt(length);
    }
    return made;
  }

  double distance(const states& x, const nodes& along, std::size_t at, std::size_t samples) const {
    const states& wanted = along.at[at];
    const std::size_t d = wanted.size() / samples;
    const double scale = 1 / along.levels[at].alpha;
    double sum = 0;
    for (std::size_t i = 0; i < samples; ++i) {
      double across = 0, squares = 0;
      for (std::size_t e = i * d; e < (i + 1) * d; ++e) {
        const double miss = scale * (x[e] - wanted[e]);
        if (of == measure::absolute) sum += std::abs(miss);
        squares += miss * miss;
        across += miss * along.chord[e];
      }
      if (of == measure::squared) sum += squares;
      if (of == measure::deviation) sum += std::max(0.0, squares - across * across);
    }
    return sum / static_cast<double>(wanted.size());
  }

  // The reading that a plan takes, of a state and its x0.
  static double reading(quantity of, const noise_level& at, double x, double x0) {
    return of == quantity::x0 ? x0 : (x - at.alpha * x0) / at.sigma;
  }

  // The state after a step from `who` to a level, `left` steps before the end, if one evaluation of the state itself
  // makes it; else by a run of that step alone. `next`, if asked for, is made ready for the step after.
  states step(const search_problem& problem, const teacher& known, const nodes& along, traveller& who, std::size_t to,
              std::size_t left, traveller* next) const {
    const noise_level &from_level = along.levels[who.path.back()], &to_level = along.levels[to];
    std::vector<noise_level> levels;
    for (const std::size_t k : who.path) levels.push_back(along.levels[k]);
    levels.push_back(to_level);
    if (to + 1 < along.levels.size()) {  // steps ahead, which some solvers look at
      const double low_end = std::max(along.levels.back().rho(), along.levels[along.levels.size() - 2].rho() * 0.5);
      for (std::size_t k = 1; k < std::max<std::size_t>(left, 1); ++k)
        levels.push_back(level_at_rho(
            problem.schedule(),
            to_level.rho() * std::pow(low_end / to_level.rho(), static_cast<double>(k) / static_cast<double>(left))));
      levels.push_back(along.levels.back());
    }
    const std::size_t leg = who.path.size() - 1;
    const policies parts{problem.solver(),
                         problem.schedule(),
                         trajectory{levels},
                         problem.how().guidance,
                         problem.how().parameterisation,
                         threshold{}};
    step_plan plan;
    parts.with_window(leg, who.past.size(), who.has_previous,
                      [&](const step_window& w) { plan = parts.planner.plan(w); });
    const bool one = plan.evaluations.size() == 1 && plan.evaluations[0].state == same_state &&
                     plan.of != quantity::output && !plan.evaluations[0].gradient;
    if (!one) {
      states x = known.ends(problem.solver(), trajectory{std::vector<noise_level>{from_level, to_level}}, who.x);
      if (next != nullptr) *next = {x, {}, {}, extended(who.path, to), false, {}};
      return x;
    }
    if (!who.denoised) who.denoised = known.denoised(from_level, who.x);
    const auto made = [&](const row& r) {
      states x(who.x.size());
      for (std::size_t e = 0; e < x.size(); ++e) {
        x[e] = r.x * who.x[e] + r.now[0] * reading(plan.of, from_level, who.x[e], (*who.denoised)[e]);
        if (r.previous != 0) x[e] += r.previous * who.previous[e];
      }
      for (std::size_t k = 0; k < who.past.size(); ++k) {
        if (r.past[k] == 0) continue;
        const noise_level& at = along.levels[who.path[who.path.size() - 2 - k]];
        const states& of_past = who.past[k];  // x0 and x in turns: eps needs both
        const std::size_t n = x.size();
        for (std::size_t e = 0; e < n; ++e) x[e] += r.past[k] * reading(plan.of, at, of_past[n + e], of_past[e]);
      }
      return x;
    };
    states x = made(plan.result);
    if (next == nullptr) return x;
    next->x = x;
    next->path = extended(who.path, to);
    next->has_previous = plan.keep.has_value();
    next->previous = plan.keep ? made(*plan.keep) : states{};
    next->past.clear();
    next->denoised.reset();
    if (plan.remember) next->past.push_back(remembered(who));
    for (const states& p : who.past) next->past.push_back(p);
    if (next->past.size() > parts.planner.history()) next->past.resize(parts.planner.history());
    return x;
  }
  static states remembered(const traveller& of) {
    states both = *of.denoised;
    both.insert(both.end(), of.x.begin(), of.x.end());
    return both;
  }
  static std::vector<std::size_t> extended(std::vector<std::size_t> path, std::size_t to) {
    path.push_back(to);
    return path;
  }

  std::optional<std::vector<std::size_t>> local_path(const search_problem& problem, const teacher& known,
                                                     nodes& along) const {
    const std::size_t n = along.levels.size();
    pair_costs costs{n};
    std::vector<std::optional<states>> said(n);
    for (std::size_t i = 0; i + 1 < n; ++i)
      for (std::size_t j = i + 1; j < n; ++j) {
        if (problem.stopped()) return {};
        if (!problem.apart(along.levels[i].rho(), along.levels[j].rho())) continue;
        traveller who;
        who.x = along.at[i];
        who.denoised = said[i];
        // As far behind, each time, as this step goes.
        const double here = along.levels[i].lambda();
        const double gap = along.levels[j].sigma > 0 ? along.levels[j].lambda() - here
                                                     : here - along.levels[i > 0 ? i - 1 : 0].lambda();
        std::vector<std::size_t> behind{i};
        while (behind.back() > 0 && behind.size() <= problem.solver().planner.history()) {
          const double wanted = here - gap * static_cast<double>(behind.size());
          std::size_t k = behind.back() - 1;
          while (k > 0 && std::abs(along.levels[k - 1].lambda() - wanted) < std::abs(along.levels[k].lambda() - wanted))
            --k;
          if (along.levels[k].alpha == 0) break;
          behind.push_back(k);
        }
        for (std::size_t k = 1; k < behind.size(); ++k) {
          traveller past;
          past.x = along.at[behind[k]];
          if (!said[behind[k]]) said[behind[k]] = known.denoised(along.levels[behind[k]], past.x);
          past.denoised = said[behind[k]];
          who.past.push_back(remembered(past));
        }
        who.has_previous = behind.size() > 1;
        if (who.has_previous) who.previous = along.at[behind[1]];
        who.path.assign(behind.rbegin(), behind.rend());
        costs(i, j) = distance(step(problem, known, along, who, j, 3, nullptr), along, j, known.samples());
        if (!said[i]) said[i] = who.denoised;
      }
    const shortest_paths found{costs, problem.steps(), gamma};
    if (std::isinf(found.cost(problem.steps()))) return {};
    return found.path(problem.steps());
  }

  std::optional<std::vector<std::size_t>> carried_path(const search_problem& problem, const teacher& known,
                                                       nodes& along) const {
    const std::size_t n = along.levels.size(), steps = problem.steps();
    std::vector<std::optional<traveller>> here(n);
    here[0].emplace();
    here[0]->x = along.at[0];
    here[0]->path = {0};
    for (std::size_t k = 1; k <= steps; ++k) {
      std::vector<std::optional<traveller>> there(n);
      const std::size_t last = k == steps ? n : n - 1;
      for (std::size_t j = k == steps ? n - 1 : k; j < last; ++j) {
        double nearest = std::numeric_limits<double>::infinity();
        for (std::size_t i = k - 1; i < j; ++i) {
          if (problem.stopped()) return {};
          if (!here[i] || !problem.apart(along.levels[i].rho(), along.levels[j].rho())) continue;
          traveller next;
          const double miss =
              distance(step(problem, known, along, *here[i], j, steps - k, &next), along, j, known.samples());
          if (!(miss < nearest)) continue;
          nearest = miss;
          there[j] = std::move(next);
        }
      }
      here = std::move(there);
    }
    if (!here[n - 1]) return {};
    return here[n - 1]->path;
  }
};

}  // namespace noisefall
