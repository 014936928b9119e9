// The description of a solver whose type is forgotten.
#pragma once

#include <concepts>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <noisefall/config/native/described.hpp>
#include <noisefall/config/native/solvers.hpp>
#include <noisefall/solver/any_solver.hpp>
#include <noisefall/solver/built_in.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>
#include <noisefall/solver/dpm_solver_v3.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/erased_own_step.hpp>
#include <noisefall/solver/predictor_corrector.hpp>
#include <noisefall/solver/splitting.hpp>

namespace noisefall {

namespace detail {

template <class... Solvers>
struct solver_describer {
  template <class Erased>
  static nlohmann::json of(const Erased& solver) {
    nlohmann::json found;
    const auto describe_if = [&](const auto* inside) {
      if (inside != nullptr) found = write_described(*inside);
    };
    (describe_if(solver.template get<Solvers>()), ...);
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
template <std::same_as<erased_own_step> Own>  // nothing else: any solver converts to it
nlohmann::json solver_description(const Own& solver) {
  return detail::solver_describer<dpm_adaptive, dpm_solver_v3, predictor_corrector>::of(solver);
}
template <std::same_as<any_solver> Any>
nlohmann::json solver_description(const Any& solver) {
  return solver.own_steps ? solver_description(solver.own_steps) : solver_description(solver.planner);
}

}  // namespace noisefall
