// The models "onnx" and "torch" of a job: a network in a file of another library, and sheets of the images it makes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/adapters/network_condition.hpp>
#include <noisefall/adapters/network_options.hpp>
#include <noisefall/adapters/png.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/view.hpp>

#include "job_fields.hpp"
#include "runtimes.hpp"

namespace examples {

namespace nf = noisefall;

/// {"kind": "onnx" or "torch", "file": FILE, "shape": [channels, height, width] of a sample,
///  "class_input": the input that takes a class per sample, "no_class": the class that means any,
///  "state", "time", "output": names, where they cannot be told; "time_type": "int64" or "float32", for torch;
///  "branches": "together" or "one_by_one", "round_labels": true for whole times, "optimize": true for torch's own pass}
/// Only kind, file and shape must be there. Sample k is of class condition[k % condition.size()].
class runtime_model {
 public:
  using condition = nf::network_condition;

  /// `from`: the model of the job; `job`: the whole of it.
  runtime_model(const nf::fields& from, const nf::fields& job, const std::filesystem::path& beside)
      : shape_{extents(from)} {
    from.allow_only({"kind", "file", "shape", "class_input", "no_class", "state", "time", "output", "time_type",
                     "branches", "round_labels", "optimize"});
    const std::string kind = from.value("kind").get<std::string>();
    if (!has_runtime(kind))
      from.refuse("kind", "a program built with the library (sh cmake/setup.sh --with " +
                              std::string{kind == "onnx" ? "onnxruntime" : "torch"} + ", and built again)");
    const nf::network_options options{
        .state = text(from, "state"),
        .time = text(from, "time"),
        .output = text(from, "output"),
        .time_type = from.has("time_type") ? type(from.choice("time_type", "", {"int64", "float32"}))
                                           : nf::element_type::unknown,
        .branches = from.choice("branches", "together", {"together", "one_by_one"}) == "together"
                        ? nf::branch_calls::together
                        : nf::branch_calls::one_by_one,
        .round_labels = from.boolean("round_labels", false)};
    class_input_ = text(from, "class_input");
    constexpr std::int64_t most = 1'000'000;
    if (class_input_.empty()) {
      if (job.has("condition"))
        job.refuse("condition", "none, for the model has no class_input: the name of the input that takes classes");
    } else {
      classes_ = indices(job, "condition", most, {0});
      if (!from.has("no_class")) from.refuse("no_class", "the class that means any");
      no_class_ = from.integer("no_class", 0, 0, most);
    }
    const auto file = found(from, beside);
    try {
      network_ =
          std::make_shared<runtime_predictor>(load_network(kind, file, options, from.boolean("optimize", false)));
    } catch (const nf::error& e) {
      throw nf::error{from.at("file"), e.problem(), e.allowed()};
    }
  }

  static constexpr const char* noun = "images";
  static constexpr const char* default_schedule = "linear";
  static constexpr const char* default_parameterisation = "predicts_eps";

  nf::shape samples(std::size_t count) const { return shape_.with_samples(count); }
  nlohmann::json conditions() const { return classes_.empty() ? nlohmann::json{} : nlohmann::json(classes_); }
  condition conditional(std::size_t first, std::size_t count) const {
    std::vector<std::int64_t> labels;
    if (classes_.empty()) return {};
    for (std::size_t i = 0; i < count; ++i)
      labels.push_back(static_cast<std::int64_t>(classes_[(first + i) % classes_.size()]));
    return {{class_input_, labels}};
  }
  condition unconditional() const {
    if (classes_.empty()) return {};
    return {{class_input_, std::vector<std::int64_t>{no_class_}}};
  }

  void predict(nf::view<float> x, const nf::evaluation& at, const condition& c, nf::mutable_view<float> out) {
    network_->predict(x, at, c, out);
  }
  void predict(nf::view<float> x, const nf::evaluation& at, std::span<const condition* const> conditions,
               std::span<const nf::mutable_view<float>> outs) {
    network_->predict(x, at, conditions, outs);
  }

  nf::picture draw(std::span<const float> images, const nf::sheet_options& options) const {
    return nf::sheet(nf::view<float>{images.data(), samples(images.size() / shape_.sample_size())}, options);
  }

 private:
  static std::string text(const nf::fields& from, const char* name) {
    if (!from.has(name)) return {};
    if (!from.value(name).is_string()) from.refuse(name, "a name");
    return from.value(name).get<std::string>();
  }
  static nf::element_type type(const std::string& name) {
    return name == "int64" ? nf::element_type::int64 : nf::element_type::float32;
  }
  static nf::shape extents(const nf::fields& from) {
    const char* const allowed = "[channels, height, width], with 1 or 3 channels";
    if (!from.has("shape")) from.refuse("shape", allowed);
    const auto given = indices(from, "shape", 65537, {});
    if (given.size() != 3 || (given[0] != 1 && given[0] != 3) || given[1] * given[2] == 0)
      from.refuse("shape", allowed);
    return {1, given[0], given[1], given[2]};
  }
  static std::filesystem::path found(const nf::fields& from, const std::filesystem::path& beside) {
    const char* const allowed = "a file beside the job, in " NOISEFALL_EXAMPLES_DATA " or in " NOISEFALL_EXAMPLES_BUILT;
    if (!from.has("file") || !from.value("file").is_string()) from.refuse("file", allowed);
    const std::filesystem::path name = from.value("file").get<std::string>();
    for (const auto& folder :
         {beside, std::filesystem::path{NOISEFALL_EXAMPLES_DATA}, std::filesystem::path{NOISEFALL_EXAMPLES_BUILT}})
      if (std::filesystem::is_regular_file(folder / name)) return folder / name;
    throw nf::error{from.at("file"), "there is no file " + name.string(), allowed};
  }

  nf::shape shape_;
  std::string class_input_;
  std::vector<std::size_t> classes_;
  std::int64_t no_class_ = 0;
  std::shared_ptr<runtime_predictor> network_;
};

}  // namespace examples
