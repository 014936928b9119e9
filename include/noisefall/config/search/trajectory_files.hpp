// Trajectories that a search found, as files: with what they were found for, by what, and how much better they are.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/fields.hpp>
#include <noisefall/config/search/error_tables.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/search/search_report.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// Where a trajectory comes from.
struct search_provenance {
  std::string policy;         // transport_dp ...
  nlohmann::json options;     // of the policy, as its user likes to note them
  std::string evidence_hash;  // search_evidence_hash below
  std::uint64_t seed = 0;
};

// The solver, schedule and parameterisation as load_sampler takes them, {"name": ..., fields}.
struct found_trajectory {
  trajectory path;
  nlohmann::json solver, schedule, parameterisation = "predicts_eps";
  search_provenance by{};
  nlohmann::json report = nullptr;  // json_of(search_report)
};

// What a file says of the evidence, so that two results can be told to be of the same.
inline std::string search_evidence_hash(const error_table& table) { return detail::hash_of(json_of(table)); }

inline nlohmann::json json_of(const error_split& of) {
  return {{"discretisation", detail::known_or_null(of.discretisation)},
          {"prediction", detail::known_or_null(of.prediction)},
          {"total", detail::known_or_null(of.total())}};
}

inline nlohmann::json json_of(const search_report& of) {
  nlohmann::json shares = nlohmann::json::array(), by_steps = nlohmann::json::array();
  for (const evaluation_share& s : of.shares)
    shares.push_back(
        {{"sigma", detail::known_or_null(std::isinf(s.sigma) ? std::nan("") : s.sigma)}, {"share", s.share}});
  for (const step_count_result& r : of.by_steps)
    by_steps.push_back({{"steps", r.steps}, {"objective", r.objective}, {"sigmas", r.sigmas}});
  return {{"policy", of.policy},
          {"solver", of.solver},
          {"objective", of.objective},
          {"objective_before", detail::known_or_null(of.objective_before)},
          {"objective_after", detail::known_or_null(of.objective_after)},
          {"changed", of.changed},
          {"stopped", of.stopped},
          {"before", json_of(of.before)},
          {"after", json_of(of.after)},
          {"shares", std::move(shares)},
          {"by_steps", std::move(by_steps)},
          {"at_minimum_gap", of.at_minimum_gap},
          {"at_box", of.at_box},
          {"tried", of.tried},
          {"evaluations", of.evaluations},
          {"fidelity", detail::known_or_null(of.fidelity)}};
}

// {"format": "noisefall trajectory", "version": 1, "levels": [{"t", "alpha", "sigma", "label"}, ...], "sigmas", "solver",
//  "schedule", "schedule_hash", "parameterisation", "provenance", "report"}. levels hold what is read, to the bit; sigmas
// are sigma / alpha, for readers, null where it is infinite. A level's label is that of the leg that it begins.
inline nlohmann::json json_of(const found_trajectory& of) {
  nlohmann::json levels = nlohmann::json::array(), sigmas = nlohmann::json::array();
  const auto add = [&](const noise_level& at, double label) {
    nlohmann::json one{{"t", at.t}, {"alpha", at.alpha}, {"sigma", at.sigma}};
    if (!std::isnan(label)) one["label"] = label;
    levels.push_back(std::move(one));
    sigmas.push_back(at.alpha > 0 ? nlohmann::json(at.rho()) : nlohmann::json(nullptr));
  };
  for (const leg& l : of.path.legs()) add(l.from, l.label);
  add(of.path.back(), std::numeric_limits<double>::quiet_NaN());
  return {{"format", "noisefall trajectory"},
          {"version", 1},
          {"levels", std::move(levels)},
          {"sigmas", std::move(sigmas)},
          {"solver", of.solver},
          {"schedule", of.schedule},
          {"schedule_hash", detail::hash_of(of.schedule)},
          {"parameterisation", of.parameterisation},
          {"provenance",
           {{"policy", of.by.policy},
            {"options", of.by.options},
            {"evidence_hash", of.by.evidence_hash},
            {"seed", of.by.seed}}},
          {"report", of.report}};
}

// Throws on levels that do not fall strictly, and on a file whose parts contradict each other.
inline found_trajectory load_found_trajectory(const nlohmann::json& from, const std::string& pointer = {}) {
  const fields in{from, pointer};
  in.allow_only({"format", "version", "levels", "sigmas", "solver", "schedule", "schedule_hash", "parameterisation",
                 "provenance", "report"});
  if (in.choice("format", "", {"noisefall trajectory"}).empty()) in.refuse("format", "noisefall trajectory");
  in.integer("version", 1, 1, 1);
  for (const char* name : {"solver", "schedule"})
    if (!in.has(name)) in.refuse(name, "what the trajectory was found for");
  if (!in.has("levels") || !in.value("levels").is_array() || in.value("levels").size() < 2)
    in.refuse("levels", "a list of two levels or more, {\"t\", \"alpha\", \"sigma\"}");
  const nlohmann::json& list = in.value("levels");
  std::vector<leg> legs;
  noise_level before{};
  double label_before = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const fields one{list[i], in.at("levels") + "/" + std::to_string(i)};
    one.allow_only({"t", "alpha", "sigma", "label"});
    for (const char* name : {"t", "alpha", "sigma"})
      if (!one.has(name)) one.refuse(name, "a number");
    const noise_level here{one.number("t", 0, finite_number), one.number("alpha", 0, not_negative),
                           one.number("sigma", 0, not_negative)};
    if (i > 0 && !(here.sigma * before.alpha < before.sigma * here.alpha))
      one.refuse(
          "sigma",
          "does not fall: sigma / alpha from " + std::to_string(before.rho()) + " to " + std::to_string(here.rho()),
          "levels that fall strictly");
    if (i > 0) legs.push_back({before, here, label_before});
    before = here;
    label_before = one.maybe_number("label", finite_number).value_or(std::numeric_limits<double>::quiet_NaN());
  }
  if (in.has("sigmas")) {
    const nlohmann::json& sigmas = in.value("sigmas");
    const std::string allowed = "sigma / alpha of each level, as the levels say it";
    if (!sigmas.is_array() || sigmas.size() != list.size()) in.refuse("sigmas", allowed);
    for (std::size_t i = 0; i < sigmas.size(); ++i) {
      const noise_level& at = i + 1 < sigmas.size() ? legs[i].from : legs.back().to;
      if (at.alpha == 0 ? !sigmas[i].is_null() : !(sigmas[i].is_number() && sigmas[i].get<double>() == at.rho()))
        throw error{in.at("sigmas") + "/" + std::to_string(i), fields::shown(sigmas[i]), allowed};
    }
  }
  const nlohmann::json& schedule = in.value("schedule");
  if (in.has("schedule_hash") && in.value("schedule_hash") != detail::hash_of(schedule))
    in.refuse("schedule_hash", detail::hash_of(schedule) + ", that of the schedule in the file");
  found_trajectory found{trajectory{std::move(legs), trajectory_kind::descending}, in.value("solver"), schedule};
  if (in.has("parameterisation")) found.parameterisation = in.value("parameterisation");
  if (in.has("report")) found.report = in.value("report");
  if (in.has("provenance")) {
    const fields by{in.value("provenance"), in.at("provenance")};
    by.allow_only({"policy", "options", "evidence_hash", "seed"});
    const auto text = [&](const char* name, std::string& to) {
      if (by.has(name) && !by.value(name).is_string()) by.refuse(name, "a text");
      if (by.has(name)) to = by.value(name).get<std::string>();
    };
    text("policy", found.by.policy);
    text("evidence_hash", found.by.evidence_hash);
    if (by.has("options")) found.by.options = by.value("options");
    if (by.has("seed") && !by.value("seed").is_number_unsigned()) by.refuse("seed", "a whole number >= 0");
    if (by.has("seed")) found.by.seed = by.value("seed").get<std::uint64_t>();
  }
  return found;
}

// Refuses another schedule than the trajectory was found for (both described, {"name": ..., every field}); says in words
// what else is not as it was: the levels are as good a list as any there, but nothing says that they are better.
inline std::vector<std::string> check_found_for(const found_trajectory& of, const nlohmann::json& solver,
                                                const nlohmann::json& schedule, const nlohmann::json& parameterisation,
                                                const std::string& where = "found_trajectory") {
  require(schedule == of.schedule, where, {"was found for the schedule ", fields::shown(of.schedule)},
          {"that schedule, not ", fields::shown(schedule)});
  std::vector<std::string> warnings;
  if (solver != of.solver)
    warnings.push_back(where + ": was found for the solver " + fields::shown(of.solver) + ", not " +
                       fields::shown(solver));
  if (parameterisation != of.parameterisation)
    warnings.push_back(where + ": was found for the parameterisation " + fields::shown(of.parameterisation) + ", not " +
                       fields::shown(parameterisation));
  return warnings;
}

}  // namespace noisefall
