// A job file: a model, a sampler, and what to draw with them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/adapters/png.hpp>
#include <noisefall/config/config.hpp>

#include "digits_model.hpp"
#include "found_trajectory.hpp"
#include "job_fields.hpp"
#include "mixture_model.hpp"
#include "runtime_model.hpp"

namespace examples {

/// What the command line changes in a job.
struct job_changes {
  std::optional<std::uint64_t> seed{}, count{};
  bool quick = false;  // few samples in few steps
};

/// {"noisefall": 1, the form of the file; without it: form 1,
///  "model": {"kind": "digits", "weights": FILE}, {"kind": "gaussian_mixture", "means", "std", "weights"}, or a network of
///           ONNX Runtime or libtorch: {"kind": "onnx" or "torch", "file": FILE, "shape", ...} (runtime_model.hpp),
///  "solver", "schedule", "trajectory", "guidance", "parameterisation", "threshold": see noisefall::load_sampler;
///  "condition": classes that the samples take in turn, or the mixture's components,
///  "seed", "count", "first_sample", "batch": samples first_sample to first_sample + count - 1 of the seed,
///  "outputs": {"sheet": FILE, "report": FILE, "columns", "scale"}}
/// A trajectory may also be {"file": FILE}, what examples/search_trajectory found: for the job's schedule, or it is refused;
/// for its solver, or the job carries a warning.
/// Only model, solver and trajectory must be there.
struct job {
  std::variant<digits_model, mixture_model, runtime_model> model;
  nf::loaded_sampler sampler;
  std::uint64_t seed = 0;
  std::size_t first_sample = 0, count = 1, batch = 1;
  std::filesystem::path sheet, report;
  nf::sheet_options picture;
  nlohmann::json described;  // the job with every default written out
  std::vector<std::string> warnings{};
};

namespace detail {

/// What of a job makes the sampler, with the model's own schedule and parameterisation where it names none.
inline nlohmann::json sampler_fields(const nf::fields& job, const char* schedule, const char* parameterisation) {
  nlohmann::json fields = nlohmann::json::object();
  for (const char* name : {"solver", "schedule", "trajectory", "guidance", "parameterisation", "threshold"})
    if (job.has(name)) fields[name] = job.value(name);
  fields.emplace("schedule", schedule);
  fields.emplace("parameterisation", parameterisation);
  return fields;
}

inline void make_quick(nlohmann::json& job) {
  constexpr std::size_t samples = 10, steps = 6;
  const auto limit = [](nlohmann::json& object, const char* name, std::size_t most) {
    if (object.contains(name) && object[name].is_number_unsigned() && object[name].get<std::uint64_t>() > most)
      object[name] = most;
  };
  if (!job.is_object()) return;
  limit(job, "count", samples);
  if (job.contains("trajectory") && job["trajectory"].is_object()) limit(job["trajectory"], "steps", steps);
}

inline std::filesystem::path file_name(const nf::fields& outputs, const char* name, std::string otherwise) {
  if (!outputs.has(name)) return otherwise;
  const nlohmann::json& given = outputs.value(name);
  if (!given.is_string() || given.get_ref<const std::string&>().empty()) outputs.refuse(name, "the name of a file");
  return given.get<std::string>();
}

}  // namespace detail

/// `file` is where the job was read from: files that it names are looked for beside it, and outputs are named after it.
inline job make_job(nlohmann::json from, const std::filesystem::path& file, const job_changes& changes = {}) {
  if (changes.quick) detail::make_quick(from);
  if (from.is_object()) {
    if (changes.seed) from["seed"] = *changes.seed;
    if (changes.count) from["count"] = *changes.count;
  }
  const std::optional<nf::found_trajectory> found = take_found_trajectory(from, file.parent_path());
  std::vector<std::string> warnings;
  const nf::fields in{from, ""};
  nf::check_form(in);
  in.allow_only({"noisefall", "model", "solver", "schedule", "trajectory", "guidance", "parameterisation", "threshold",
                 "condition", "seed", "count", "first_sample", "batch", "outputs"});
  if (!in.has("model")) in.refuse("model", "an object with a kind: digits, gaussian_mixture, onnx, torch");
  const nf::fields model{in.value("model"), in.at("model")};
  if (!model.has("kind")) model.refuse("kind", "digits, gaussian_mixture, onnx, torch");
  const std::string kind = model.choice("kind", "", {"digits", "gaussian_mixture", "onnx", "torch"});

  constexpr std::int64_t most = 1'000'000;
  std::uint64_t seed = 0;
  if (in.has("seed")) nf::read_value(in, "seed", seed);
  const auto first = static_cast<std::size_t>(in.integer("first_sample", 0, 0));
  const auto count = static_cast<std::size_t>(in.integer("count", 10, 1, most));
  const auto batch = std::min(count, static_cast<std::size_t>(in.integer("batch", most, 1, most)));

  const nlohmann::json no_outputs = nlohmann::json::object();
  const nf::fields outputs{in.has("outputs") ? in.value("outputs") : no_outputs, in.at("outputs")};
  outputs.allow_only({"sheet", "report", "columns", "scale"});
  const std::string stem = file.stem().string();
  const auto sheet = detail::file_name(outputs, "sheet", stem + ".png");
  const auto report = detail::file_name(outputs, "report", stem + ".report.json");
  if (sheet == report) outputs.refuse("report", "the name of the sheet", "another name");
  const nf::sheet_options picture{.columns = static_cast<std::size_t>(outputs.integer("columns", 10, 1, 1000)),
                                  .upscale = static_cast<std::size_t>(outputs.integer("scale", 2, 1, 16))};

  const auto finish = [&](const auto& made, nf::loaded_sampler sampler) {
    if (found) sampler = on_found_trajectory(sampler, *found, warnings);
    nlohmann::json described = sampler.described;
    described.update({{"model", in.value("model")},
                      {"condition", made.conditions()},
                      {"seed", seed},
                      {"first_sample", first},
                      {"count", count},
                      {"batch", batch},
                      {"outputs",
                       {{"sheet", sheet.string()},
                        {"report", report.string()},
                        {"columns", picture.columns},
                        {"scale", picture.upscale}}}});
    return job{made,    std::move(sampler),   seed,    first, count, batch, sheet, report,
               picture, std::move(described), warnings};
  };
  if (kind == "digits") {
    const digits_model digits{model, in, file.parent_path()};
    return finish(digits, nf::load_sampler(detail::sampler_fields(in, digits_model::default_schedule,
                                                                  digits_model::default_parameterisation)));
  }
  if (kind != "gaussian_mixture") {
    const runtime_model network{model, in, file.parent_path()};
    return finish(network, nf::load_sampler(detail::sampler_fields(in, runtime_model::default_schedule,
                                                                   runtime_model::default_parameterisation)));
  }
  nf::loaded_sampler sampler = nf::load_sampler(
      detail::sampler_fields(in, mixture_model::default_schedule, mixture_model::default_parameterisation));
  const mixture_model mixture{model, in, sampler.described["parameterisation"]};
  return finish(mixture, std::move(sampler));
}

inline job read_job(const std::filesystem::path& file, const job_changes& changes = {}) {
  nlohmann::json from = nf::read_json(file);
  try {
    return make_job(std::move(from), file, changes);
  } catch (const nf::error& e) {
    throw nf::error{file.string() + ": " + e.where(), e.problem(), e.allowed()};
  }
}

}  // namespace examples
