// A whole sampler from one JSON object.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

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

// citations(policy) names the papers behind it.
struct loaded_sampler {
  sampler policy;
  nlohmann::json described;  // every policy with all its fields; loads to the same sampler

  const trajectory& path() const { return policy.path(); }
};

// {"solver": ..., "schedule": ..., "trajectory": ..., "guidance": ..., "parameterisation": ..., "threshold": ...}, each
// a name or an object with a name and fields. Without them: unguided, predicts_eps, no threshold.
inline loaded_sampler load_sampler(const nlohmann::json& from, const std::string& pointer = {}) {
  const fields in{from, pointer};
  in.allow_only({"solver", "schedule", "trajectory", "guidance", "parameterisation", "threshold"});
  const auto needed = [&](std::string_view name, const std::string& allowed) -> const nlohmann::json& {
    if (!in.has(name)) in.refuse(name, allowed);
    return in.value(name);
  };
  const auto schedule = load_schedule(needed("schedule", described_schedules::names()), in.at("schedule"));
  const auto spacing = load_spacing(needed("trajectory", described_spacings::names()), in.at("trajectory"));
  const auto solver = load_solver(needed("solver", described_solvers::names()), in.at("solver"));
  const auto guidance =
      load_guidance(in.has("guidance") ? in.value("guidance") : nlohmann::json("unguided"), in.at("guidance"));
  const auto parameterisation =
      load_parameterisation(in.has("parameterisation") ? in.value("parameterisation") : nlohmann::json("predicts_eps"),
                            in.at("parameterisation"));
  const threshold map = in.has("threshold") ? load_threshold(in.value("threshold"), in.at("threshold")) : threshold{};
  trajectory path = lay(spacing, schedule.policy, in.at("trajectory")).cited(spacing.reference);

  nlohmann::json described{{"solver", solver.described},
                           {"schedule", schedule.described},
                           {"trajectory", spacing.described},
                           {"guidance", guidance.described},
                           {"parameterisation", parameterisation.described},
                           {"threshold", write_described(map)}};

  try {
    return std::visit(
        [&](const auto& chosen) {
          return loaded_sampler{
              sampler{chosen, schedule.policy, std::move(path), guidance.policy, parameterisation.policy, map},
              std::move(described)};
        },
        solver.policy);
  } catch (const error& e) {
    throw error{(pointer.empty() ? "" : pointer + ": ") + e.where(), e.problem(), e.allowed()};
  }
}

}  // namespace noisefall
