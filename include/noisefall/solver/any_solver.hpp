// A solver of either sort, chosen at run time: it plans rows, or it takes its own steps.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

#include <noisefall/solver/concept.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/erased_own_step.hpp>
#include <noisefall/solver/own_step.hpp>

namespace noisefall {

// What a sampler holds. One of the two is empty.
struct any_solver {
  erased_solver planner;
  erased_own_step own_steps;

  any_solver() = default;
  template <class S>
  requires(!std::same_as<S, any_solver>) &&
      (Solver<S> || OwnStep<S> || std::same_as<S, erased_own_step>)
          any_solver(S solver) {  // NOLINT(google-explicit-constructor): stands wherever a solver does
    if constexpr (Solver<S>)
      planner = std::move(solver);
    else
      own_steps = std::move(solver);
  }

  std::string_view name() const { return own_steps ? own_steps.name() : planner.name(); }
};

template <class S>
concept AnySolver = Solver<S> || OwnStep<S> || std::same_as<S, erased_own_step> || std::same_as<S, any_solver>;

}  // namespace noisefall
