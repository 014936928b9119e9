// The policies of a sampler together.
#pragma once

#include <concepts>
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
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/erased_own_step.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// A solver of either sort: it plans rows, or it takes its own steps.
template <class S>
concept AnySolver = Solver<S> || OwnStep<S> || std::same_as<S, erased_own_step>;

// What a sampler is made of, each part behind one type.
struct policies : counted {
  // Labels the path, and pulls its levels onto the guidance's jumps.
  template <AnySolver S>
  policies(S solver, any_schedule process, trajectory legs, any_guidance rule, any_parameterisation meaning,
           const threshold& element_map)
      : schedule{std::move(process)},
        guidance{std::move(rule)},
        parameterisation{std::move(meaning)},
        map{element_map},
        breakpoints{find_breakpoints(legs, !Solver<S>)},
        path{lay_out(std::move(legs))} {
    if constexpr (Solver<S>)
      planner = std::move(solver);
    else
      own_steps = std::move(solver);
  }

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

  // Does the guidance jump at this level? Then nothing from before it may be extrapolated across.
  bool cuts_history(const noise_level& at) const { return is_on_jump(at, breakpoints); }

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
