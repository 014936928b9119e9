// The model "digits" of a job: the digit network, its classes and its sheet of pictures.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/adapters/png.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/view.hpp>

#include "digit_network.hpp"
#include "job_fields.hpp"

namespace examples {

namespace nf = noisefall;

/// The digit network: sample k is a digit of class classes[k % classes.size()].
class digits_model {
 public:
  using condition = std::vector<int>;  // a class per sample, or one for all

  /// `from`: the model of the job; `job`: the whole of it.
  digits_model(const nf::fields& from, const nf::fields& job, const std::filesystem::path& beside)
      : network_{weights(from, beside)},
        classes_{indices(job, "condition", digit_network::no_class + 1, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})} {}

  static constexpr const char* noun = "digits";
  static constexpr const char* default_schedule = "linear";
  static constexpr const char* default_parameterisation = "predicts_eps";

  nf::shape samples(std::size_t count) const { return {count, 1, digit_network::side, digit_network::side}; }
  nlohmann::json conditions() const { return classes_; }
  condition conditional(std::size_t first, std::size_t count) const {
    condition labels;
    for (std::size_t i = 0; i < count; ++i) labels.push_back(static_cast<int>(classes_[(first + i) % classes_.size()]));
    return labels;
  }
  condition unconditional() const { return {digit_network::no_class}; }

  void predict(nf::view<float> x, const nf::evaluation& at, const condition& classes, nf::mutable_view<float> out) {
    times_.assign(at.labels.begin(), at.labels.end());
    network_.evaluate(x.elements(), times_, classes, out.elements());
  }

  nf::picture draw(std::span<const float> images, const nf::sheet_options& options) const {
    return nf::sheet(
        nf::view<float>{images.data(), samples(images.size() / (digit_network::side * digit_network::side))}, options);
  }

 private:
  static digit_network weights(const nf::fields& from, const std::filesystem::path& beside) {
    from.allow_only({"kind", "weights"});
    if (!from.has("weights") || !from.value("weights").is_string())
      from.refuse("weights", "a safetensors file, beside the job or in " NOISEFALL_EXAMPLES_DATA);
    const std::filesystem::path name = from.value("weights").get<std::string>();
    for (const auto& folder : {beside, std::filesystem::path{NOISEFALL_EXAMPLES_DATA}})
      if (std::filesystem::is_regular_file(folder / name)) return digit_network{folder / name};
    throw nf::error{from.at("weights"), "there is no file " + name.string(),
                    "a file beside the job or in " NOISEFALL_EXAMPLES_DATA};
  }

  digit_network network_;
  std::vector<std::size_t> classes_;
  std::vector<float> times_;
};

}  // namespace examples
