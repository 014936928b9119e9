// The policies of a sampler together, and the look ahead that refuses what cannot work before anything runs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/sampler/threshold.hpp>
#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/erased_own_step.hpp>
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

struct policies {
  std::variant<erased_solver, erased_own_step> solver;
  any_schedule schedule;
  trajectory path;
  any_guidance guidance;
  any_parameterisation parameterisation;
  threshold map;
  std::vector<double> breakpoints{};  // the guidance's

  bool two_readings() const { return guidance.two_readings() || map.keep_eps; }
  bool has_own_steps() const { return std::holds_alternative<erased_own_step>(solver); }
  const erased_solver& planner() const { return std::get<erased_solver>(solver); }
  const erased_own_step& own_steps() const { return std::get<erased_own_step>(solver); }
  std::string solver_name() const {
    return std::string{std::visit([](const auto& s) { return s.name(); }, solver)};
  }

  // Does the guidance jump at this level? Then nothing from before it may be extrapolated across.
  bool cuts_history(const noise_level& at) const {
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

  noise_level level_at_lambda(double lambda) const { return noisefall::level_at_lambda(schedule, lambda); }

  // Throws noisefall::error if a policy is out of range or if some leg has no finite plan.
  run_needs check() const {
    std::visit([](const auto& s) { s.check(); }, solver);
    guidance.check();
    parameterisation.check();
    map.check();
    run_needs needs;
    if (has_own_steps())
      look_at_own_steps(needs);
    else
      plan_all(needs);
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

  void refuse_two_readings() const {
    throw error{"sampler: " + solver_name(), "cannot renoise with another eps than it denoises with (CFG++, keep_eps)",
                "first-order solvers and dpm_pp_2m"};
  }

  void look_at_own_steps(run_needs& needs) const {
    const erased_own_step& own = own_steps();
    own.check_ends(path.front(), path.back());
    if (two_readings()) refuse_two_readings();
    require(!guidance.needs_gram() || own.couples_batch(), "sampler: " + solver_name(),
            "every sample has its own level, which a guidance that looks at inner products cannot use",
            "couples_batch, or a guidance with fixed weights");
    needs.evaluations = own.readings();
    needs.draws = true;
    needs.branches = guidance.needs({path.front(), path.front(), path.back(), 0, 1});
    needs.scales = parameterisation.input_scale(path.front()) != 1;
  }

  void plan_all(run_needs& needs) const {
    const erased_solver& planned = planner();
    if (two_readings() && !planned.takes_two_readings()) refuse_two_readings();
    std::size_t stored = 0;
    bool has_previous = false;
    require(planned.history() <= max_history, solver_name() + ": history",
            std::to_string(planned.history()), "0 to " + std::to_string(max_history));
    for (std::size_t i = 0; i < path.steps(); ++i) {
      if (cuts_history(path[i].from)) {
        stored = 0;
        has_previous = false;
      }
      const std::string where = "sampler: leg " + std::to_string(i) + " (sigma/alpha " +
                                std::to_string(path[i].from.rho()) + " to " + std::to_string(path[i].to.rho()) + ")";
      const step_plan plan = with_window(i, stored, has_previous, [&](const step_window& w) { return planned.plan(w); });
      require(!plan.evaluations.empty(), where, solver_name() + " plans no evaluation", "1 to 4");
      for (const stage& s : plan.evaluations) {
        look_at(plan, s, i, where);
        needs.stages = needs.stages || !(s.state == same_state);
        needs.scales = needs.scales || parameterisation.input_scale(s.at) != 1;
        needs.draws = needs.draws || draws(s.state);
  needs.branches = needs.branches | guidance.needs({s.at, path[i].from, path[i].to, i, path.steps()});
      }
      require(finite(plan.result) && (!plan.keep || finite(*plan.keep)), where,
              solver_name() + " has no finite step here", "levels at which its coefficients exist");
      needs.evaluations = std::max(needs.evaluations, plan.evaluations.size());
      needs.keeps = needs.keeps || plan.keep.has_value();
      needs.variance = needs.variance || plan.variance.has_value();
      needs.draws = needs.draws || draws(plan.result) || (plan.keep && draws(*plan.keep));
      stored = plan.remember ? std::min(stored + 1, planned.history()) : stored;
      has_previous = plan.keep.has_value();
    }
  }

  void look_at(const step_plan& plan, const stage& s, std::size_t i, const std::string& where) const {
    require(finite(s.state), where, solver_name() + " has no finite stage here",
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
