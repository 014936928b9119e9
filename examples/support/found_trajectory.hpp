// Trajectories that a search found, in jobs.
#pragma once

#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/config.hpp>
#include <noisefall/config/search/trajectory_files.hpp>

namespace examples {

namespace nf = noisefall;

/// The trajectory of {"file": FILE}, or of {"found": what such a file holds}; in the job in place of it the list of its
/// levels.
inline std::optional<nf::found_trajectory> take_found_trajectory(nlohmann::json& job,
                                                                 const std::filesystem::path& beside) {
  if (!job.is_object() || !job.contains("trajectory") || !job["trajectory"].is_object()) return {};
  const char* const form = job["trajectory"].contains("found") ? "found" : "file";
  if (!job["trajectory"].contains(form)) return {};
  const nf::fields in{job["trajectory"], "/trajectory"};
  in.allow_only({form});
  nf::found_trajectory found = [&] {
    if (std::string{form} == "found") return nf::load_found_trajectory(in.value("found"), in.at("found"));
    if (!in.value("file").is_string()) in.refuse("file", "the name of a file");
    const std::filesystem::path name = in.value("file").get<std::string>();
    try {
      return nf::load_found_trajectory(nf::read_json(name.is_absolute() ? name : beside / name));
    } catch (const nf::error& e) {
      throw nf::error{"/trajectory/file: " + e.where(), e.problem(), e.allowed()};
    }
  }();
  std::vector<double> alphas{found.path.front().alpha}, sigmas{found.path.front().sigma};
  for (const nf::leg& l : found.path.legs()) {
    alphas.push_back(l.to.alpha);
    sigmas.push_back(l.to.sigma);
  }
  job["trajectory"] = {{"name", "level_list"}, {"alphas", std::move(alphas)}, {"sigmas", std::move(sigmas)}};
  return found;
}

/// The sampler on another path, to the bit, times and labels too.
inline nf::sampler on_path(const nf::sampler& of, const nf::trajectory& path) {
  const nf::policies& p = of.parts();
  nf::any_solver solver;
  solver.planner = p.planner;
  solver.own_steps = p.own_steps;
  return nf::sampler{std::move(solver), p.schedule, path, p.guidance, p.parameterisation, p.map};
}

/// The sampler on the very levels of the file; what is not as it was when they were found is told in `warnings`.
inline nf::loaded_sampler on_found_trajectory(const nf::loaded_sampler& loaded, const nf::found_trajectory& found,
                                              std::vector<std::string>& warnings) {
  warnings = nf::check_found_for(found, loaded.described["solver"], loaded.described["schedule"],
                                 loaded.described["parameterisation"], "/trajectory/file");
  return {on_path(loaded.policy, found.path), loaded.described};
}

}  // namespace examples
