// The policies of a sampler together, and the look ahead that refuses what cannot work before anything runs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/parameterisation/concept.hpp>
#include <noisefall/solver/own_step.hpp>
#include <noisefall/sampler/threshold.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/solver/concept.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// What a run must have room for, found by planning every leg once.
struct run_needs {
  std::size_t evaluations = 1;  // in the busiest step
  bool stages = false;          // some evaluation looks at a state other than x
  bool keeps = false;           // some step keeps a tensor for the next
  bool scales = false;          // some evaluation is fed a scaled state
  bool variance = false;        // the network supplies variances
  bool draws = false;
  branch_set branches;
};

template <class S, NoiseSchedule N, Guidance G, Parameterisation P>
  requires Solver<S> || OwnStep<S>
struct policies {
  S solver;
  N schedule;
  trajectory path;
  G guidance;
  P parameterisation;
  threshold map;

  bool two_readings() const { return makes_two_readings(guidance) || map.keep_eps; }

  // Does the guidance jump at this level? Then nothing from before it may be extrapolated across.
  bool cuts_history(const noise_level& at, std::span<const double> breakpoints) const {
    return std::any_of(breakpoints.begin(), breakpoints.end(),
                       [&](double s) { return std::abs(at.rho() - s) <= 1e-12 * s; });
  }

  // Calls `see(window)` with the window of leg i.
  template <class See>
  auto with_window(std::size_t i, std::size_t stored, bool has_previous, See see) const {
    const auto legs = path.legs();
    const auto at_lambda = [this](double lambda) { return level_at_lambda(lambda); };
    const auto at_time = [this](double t) { return schedule.at(t); };
    const auto conversion = [this](quantity of, const noise_level& at) { return convert(parameterisation, of, at); };
    return see(step_window{.at = {i, legs.size(), legs[i].from, legs[i].to, legs[i].label},
                           .behind = legs.first(i),
                           .ahead = legs.subspan(i),
                           .stored = stored,
                           .has_previous = has_previous,
                           .two_readings = two_readings(),
                           .at_lambda = at_lambda,
                           .at_time = at_time,
                           .conversion = conversion});
  }

  noise_level level_at_lambda(double lambda) const {
    noise_level at = schedule.at(schedule.time_of(lambda));
    // Churn may ask for more noise than a table holds: the time stays at the table's end, the noise is the one asked for.
    const double ratio = std::exp(-lambda), total = at.alpha * at.alpha + at.sigma * at.sigma;
    if (std::abs(total - 1) < 1e-12) {
      at.alpha = 1 / std::sqrt(1 + ratio * ratio);
      at.sigma = ratio * at.alpha;
    }
    return at;
  }

  // Throws noisefall::error if a policy is out of range or if some leg has no finite plan.
  run_needs check() const {
    solver.check();
    guidance.check();
    map.check();
    if constexpr (requires { parameterisation.check(); }) parameterisation.check();
    run_needs needs;
    if constexpr (Solver<S>) {
      require(!two_readings() || takes_two_readings(solver), std::string{"sampler: "} + std::string{name_of(solver)},
              "cannot renoise with another eps than it denoises with (CFG++, keep_eps)",
              "first-order solvers and dpm++2m");
      plan_all(needs);
    } else {
      require(!wants_gram(guidance) || solver.couples_batch, std::string{"sampler: "} + std::string{name_of(solver)},
              "every sample has its own level, which a guidance that looks at inner products cannot use",
              "couples_batch, or a guidance with fixed weights");
      require(!two_readings(), std::string{"sampler: "} + std::string{name_of(solver)},
              "cannot renoise with another eps than it denoises with (CFG++, keep_eps)",
              "first-order solvers and dpm++2m");
      solver.check_ends(path.front(), path.back());
      needs.evaluations = solver.readings();
      needs.stages = needs.draws = true;
      needs.branches = guidance.needs({path.front(), path.front(), path.back(), 0, 1});
      needs.scales = parameterisation.input_scale(path.front()) != 1;
    }
    return needs;
  }

 private:
  static bool finite(const row& r) {
    double total = r.x + r.previous;
    for (const auto& weights : {r.now, r.past, r.now_renoise, r.past_renoise})
      for (const double w : weights) total += w;
    for (const double w : r.noise) total += w;
    return std::isfinite(total);
  }

  static bool draws(const row& r) {
    return std::any_of(r.noise.begin(), r.noise.end(), [](double w) { return w != 0; });
  }

  void plan_all(run_needs& needs) const {
    const std::vector<double> breakpoints = guidance.breakpoints();
    std::size_t stored = 0;
    bool has_previous = false;
    require(solver.history() <= max_history, std::string{name_of(solver)} + ": history",
            std::to_string(solver.history()), "0 to " + std::to_string(max_history));
    for (std::size_t i = 0; i < path.steps(); ++i) {
      if (cuts_history(path[i].from, breakpoints)) {
        stored = 0;
        has_previous = false;
      }
      const std::string where = "sampler: leg " + std::to_string(i) + " (sigma/alpha " +
                                std::to_string(path[i].from.rho()) + " to " + std::to_string(path[i].to.rho()) + ")";
      const step_plan plan = with_window(i, stored, has_previous, [&](const step_window& w) { return solver.plan(w); });
      require(!plan.evaluations.empty(), where, std::string{name_of(solver)} + " plans no evaluation", "1 to 4");
      for (const stage& s : plan.evaluations) {
        look_at(plan, s, i, where);
        needs.stages = needs.stages || !(s.state == same_state);
        needs.scales = needs.scales || parameterisation.input_scale(s.at) != 1;
        needs.draws = needs.draws || draws(s.state);
  needs.branches = needs.branches | guidance.needs({s.at, path[i].from, path[i].to, i, path.steps()});
      }
      require(finite(plan.result) && (!plan.keep || finite(*plan.keep)), where,
              std::string{name_of(solver)} + " has no finite step here", "levels at which its coefficients exist");
      needs.evaluations = std::max(needs.evaluations, plan.evaluations.size());
      needs.keeps = needs.keeps || plan.keep.has_value();
      needs.variance = needs.variance || plan.variance.has_value();
      needs.draws = needs.draws || draws(plan.result) || (plan.keep && draws(*plan.keep));
      stored = plan.remember ? std::min(stored + 1, solver.history()) : stored;
      has_previous = plan.keep.has_value();
    }
  }

  void look_at(const step_plan& plan, const stage& s, std::size_t i, const std::string& where) const {
    require(finite(s.state), where, std::string{name_of(solver)} + " has no finite stage here",
            "levels at which its coefficients exist");
    const bool needs_x0 = plan.of == quantity::x0 || map.how != threshold::kind::none;
    const affine to_x0 = needs_x0 ? parameterisation.to_x0(s.at) : affine{};
    const affine to_eps = plan.of == quantity::eps ? parameterisation.to_eps(s.at) : affine{};
    require(std::isfinite(to_x0.x) && std::isfinite(to_x0.out), where,
            "this parameterisation cannot give x0 at alpha = " + std::to_string(s.at.alpha) + " (infinite noise)",
            "x0-, v- or flow-prediction, or a trajectory that starts at finite noise");
    require(std::isfinite(to_eps.x) && std::isfinite(to_eps.out), where,
            "this parameterisation cannot give eps at sigma = " + std::to_string(s.at.sigma),
            "eps-, v- or flow-prediction, or a solver that works in x0");
    require(guidance.needs({s.at, path[i].from, path[i].to, i, path.steps()}).size() > 0, where,
            "the guidance asks for no branch", "one branch or more");
  }
};

}  // namespace noisefall
