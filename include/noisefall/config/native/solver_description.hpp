// The description of a solver whose type is forgotten.
#pragma once

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <noisefall/config/native/described.hpp>
#include <noisefall/config/native/solvers.hpp>
#include <noisefall/solver/built_in.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/splitting.hpp>

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
  if (const auto* split = solver.get<splitting<erased_solver>>()) {
    nlohmann::json of = solver_description(split->sub);
    if (of.is_null()) return of;
    const std::string name = of.at("name");
    return write_described(splitting_settings{loaded<any_solver>{split->sub, std::move(of), name, {}}, split->method,
                                              split->scale, split->sigma_half_way});
  }
  return built_in_solvers::in<detail::solver_describer>::of(solver);
}

}  // namespace noisefall
