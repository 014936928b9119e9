// The policies of a sampler together.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/function_ref.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/sampler/snap.hpp>
#include <noisefall/sampler/threshold.hpp>
#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/solver/any_solver.hpp>
#include <noisefall/solver/climb.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/erased_own_step.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// What a sampler is made of, each part behind one type.
struct policies : counted {
  // Labels the path, and pulls its levels onto the guidance's jumps.
  policies(any_solver solver, any_schedule process, trajectory legs, any_guidance rule, any_parameterisation meaning,
           const threshold& element_map)
      : planner{std::move(solver.planner)},
        own_steps{std::move(solver.own_steps)},
        schedule{std::move(process)},
        guidance{std::move(rule)},
        parameterisation{std::move(meaning)},
        map{element_map},
        breakpoints{find_breakpoints(legs, has_own_steps())},
        path{lay_out(std::move(legs))} {}

  // One of the two is empty.
  erased_solver planner;
  erased_own_step own_steps;
  any_schedule schedule;
  any_guidance guidance;
  any_parameterisation parameterisation;
  threshold map;
  std::vector<double> breakpoints;  // the guidance's
  trajectory path;

  bool two_readings() const { return guidance.two_readings() || (map.how != threshold::kind::none && map.keep_eps); }
  bool has_own_steps() const { return bool{own_steps}; }
  std::string_view solver_name() const { return has_own_steps() ? own_steps.name() : planner.name(); }

  // May nothing from before leg i be extrapolated across its start: the guidance jumps there, or the path has climbed?
  bool cuts_history(std::size_t i) const {
    return is_on_jump(path[i].from, breakpoints) || (i > 0 && path.climbs(i - 1));
  }

  // The plan of the window's leg: the solver's, unless the leg climbs.
  step_plan plan(const step_window& window) const {
    const std::size_t i = window.at.index;
    return path.climbs(i) ? climb(window.at, path[i].s_noise) : planner.plan(window);
  }

  // Calls `see(window)` with the window of leg i.
  void with_window(std::size_t i, std::size_t stored, bool has_previous,
                   function_ref<void(const step_window&)> see) const {
    const auto legs = path.legs();
    const auto at_lambda = [this](double lambda) { return level_at_lambda(lambda); };
    const auto at_time = [this](double t) { return schedule.at(t); };
    const auto conversion = [this](quantity of, const noise_level& at) { return convert(parameterisation, of, at); };
    see({.at = {i, legs.size(), legs[i].from, legs[i].to, legs[i].label},
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

 private:
  [[gnu::cold]] std::vector<double> find_breakpoints(const trajectory& legs, bool steps_are_unknown) const {
    const leg whole{legs.front(), legs.back()};
    return guidance.breakpoints(
        {steps_are_unknown ? std::span<const leg>{&whole, 1} : legs.legs(), &schedule, steps_are_unknown});
  }

  [[gnu::cold]] trajectory lay_out(trajectory legs) const {
    schedule.check();
    return snap(std::move(legs), schedule, breakpoints).labelled([this](const noise_level& at) {
      return parameterisation.label(at);
    });
  }
};

}  // namespace noisefall
