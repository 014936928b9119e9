// The description of a solver whose type is forgotten.
#pragma once

#include <concepts>

#include <nlohmann/json.hpp>

#include <noisefall/solver/any_solver.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/erased_own_step.hpp>

namespace noisefall {

namespace detail {

nlohmann::json own_step_description(const erased_own_step& solver);

}  // namespace detail

// What load_solver reads it from, {"name": ..., fields}; null where it is none of the library's, or holds none. So a
// solver that a diffusers file came to has a native form. Include config/config.hpp.
nlohmann::json solver_description(const erased_solver& solver);
template <std::same_as<erased_own_step> Own>  // nothing else: any solver converts to it
nlohmann::json solver_description(const Own& solver) {
  return detail::own_step_description(solver);
}
template <std::same_as<any_solver> Any>
nlohmann::json solver_description(const Any& solver) {
  return solver.own_steps ? solver_description(solver.own_steps) : solver_description(solver.planner);
}

}  // namespace noisefall
