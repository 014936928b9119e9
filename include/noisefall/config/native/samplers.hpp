// A whole sampler from one JSON object.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <noisefall/config/catalogue.hpp>
#include <noisefall/config/native/described.hpp>
#include <noisefall/config/native/guidances.hpp>
#include <noisefall/config/native/parameterisations.hpp>
#include <noisefall/config/native/schedules.hpp>
#include <noisefall/config/native/solvers.hpp>
#include <noisefall/config/native/thresholds.hpp>
#include <noisefall/config/native/trajectories.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/sampler/sampler.hpp>

namespace noisefall {

// The form of the files below. Another form would have another number; a file without one has form 1, now and later.
inline constexpr int native_form = 1;

// Refuses a file of another form. `from` is the object that may say {"noisefall": 1}.
inline void check_form(const fields& from) {
  const nlohmann::json& object = from.object();
  const auto said = object.find("noisefall");
  if (said != object.end() && !(said->is_number_integer() && *said == native_form))
    from.refuse("noisefall", fields::shown(*said), std::to_string(native_form));
}

// A sampler that a file described. citations(policy) names the papers behind it.
struct loaded_sampler {
  sampler policy;
  nlohmann::json described;  // every policy with all its fields; loads to the same sampler

  const trajectory& path() const { return policy.path(); }
};

namespace detail {

// A sampler's refusal of policies that do not go together, with the pointer of the solver where it is the one to
// change.
inline error placed_in_sampler(const error& e, std::string_view solver, const std::string& pointer) {
  const std::string& where = e.where();
  const bool is_solvers = where.starts_with(solver) || where == "sampler: " + std::string{solver};
  return {(is_solvers        ? pointer + "/solver"
           : pointer.empty() ? "/"
                             : pointer) +
              ": " + where,
          e.problem(), e.allowed()};
}

}  // namespace detail

// {"noisefall": 1, "solver": ..., "schedule": ..., "trajectory": ..., "guidance": ..., "parameterisation": ...,
//  "threshold": ...}, each policy a name or an object with a name and fields. Without them: form 1, unguided,
// predicts_eps, no threshold.
inline loaded_sampler load_sampler(const nlohmann::json& from, const catalogue& known,
                                   const std::string& pointer = {}) {
  const fields in{from, pointer};
  check_form(in);
  in.allow_only({"noisefall", "solver", "schedule", "trajectory", "guidance", "parameterisation", "threshold"});
  const auto given = [&](std::string_view name, const std::string& allowed) -> const nlohmann::json& {
    if (!from.contains(name)) in.refuse(name, allowed);
    return in.value(name);
  };
  const auto given_or = [&](std::string_view name, std::string_view otherwise) -> nlohmann::json {
    return from.contains(name) ? in.value(name) : nlohmann::json(otherwise);
  };
  const auto schedule = load_schedule(given("schedule", known.schedules().names()), known, in.at("schedule"));
  const auto spacing = load_spacing(given("trajectory", known.spacings().names()), known, in.at("trajectory"));
  const auto solver = load_solver(given("solver", known.solvers().names()), known, in.at("solver"));
  const auto guidance = load_guidance(given_or("guidance", unguided::name), known, in.at("guidance"));
  const auto parameterisation =
      load_parameterisation(given_or("parameterisation", predicts_eps::name), known, in.at("parameterisation"));
  const threshold map =
      from.contains("threshold") ? load_threshold(in.value("threshold"), in.at("threshold")) : threshold{};
  trajectory path = lay(spacing, schedule.policy, in.at("trajectory")).cited(spacing.reference);

  nlohmann::json described{{"noisefall", native_form},         {"solver", solver.described},
                           {"schedule", schedule.described},   {"trajectory", spacing.described},
                           {"guidance", guidance.described},   {"parameterisation", parameterisation.described},
                           {"threshold", write_described(map)}};

  try {
    return {sampler{solver.policy, schedule.policy, std::move(path), guidance.policy, parameterisation.policy, map},
            std::move(described)};
  } catch (const error& e) {
    throw detail::placed_in_sampler(e, solver.name, pointer);
  }
}
inline loaded_sampler load_sampler(const nlohmann::json& from, const std::string& pointer = {}) {
  return load_sampler(from, catalogue::built_in(), pointer);
}

}  // namespace noisefall
