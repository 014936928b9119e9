// The description of a solver whose type is forgotten.
#pragma once

#include <nlohmann/json.hpp>

#include <noisefall/config/native/described.hpp>
#include <noisefall/config/native/solvers.hpp>
#include <noisefall/solver/built_in.hpp>
#include <noisefall/solver/erased.hpp>

namespace noisefall {

namespace detail {

template <class... Planned>
struct solver_describer {
  static nlohmann::json of(const erased_solver& solver) {
    nlohmann::json found;
    const auto describe_if = [&](const auto* inside) {
      if (inside != nullptr) found = write_described(*inside);
    };
    (describe_if(solver.get<Planned>()), ...);
    return found;
  }
};

}  // namespace detail

// What load_solver reads it from, {"name": ..., fields}; null where it is none of the library's, or holds none. So a
// solver that a diffusers file came to has a native form.
inline nlohmann::json solver_description(const erased_solver& solver) {
  return built_in_solvers::in<detail::solver_describer>::of(solver);
}

}  // namespace noisefall
