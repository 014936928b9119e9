// diffusers' scheduler_config.json: from the file to a sampler's policies.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/held_class.hpp>
#include <noisefall/config/diffusers/latents.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/python_json.hpp>
#include <noisefall/core/owner.hpp>
#ifndef NOISEFALL_COMPILED_CONFIG
#include <noisefall/config/diffusers/built_in.hpp>
#endif

namespace noisefall {

// A scheduler_config.json, read and checked once. Keys that the class does not have are kept in file() and ignored, as
// diffusers does: one file serves several classes.
//
//   const nf::diffusers_config config{nf::read_python_json("scheduler_config.json")};
//   const auto s = config.setup({.num_inference_steps = 25});
//   const nf::sampler sample{s.solver, s.schedule, s.path, nf::unguided{}, s.parameterisation, s.map};
class diffusers_config {
 public:
  // Throws noisefall::error with the JSON pointer of what is wrong (after `pointer`, where the object stands in its
  // file).
  explicit diffusers_config(nlohmann::json file, const std::string& pointer = {})
      : file_(std::move(file)), held_{diffusers::read_class(file_, pointer)} {}  // braces would make a JSON array

  std::string_view class_name() const { return held_->class_name(); }
  const nlohmann::json& file() const { return file_; }

  // Whether two files mean the same, whatever they leave to the defaults.
  friend bool operator==(const diffusers_config& a, const diffusers_config& b) { return a.held_->equals(*b.held_); }

  // Whether files of a class of this name are read.
  static bool is_built(std::string_view class_name) { return diffusers::is_built(class_name); }

  // The policies for these arguments of set_timesteps() and step(). Throws on arguments that the class does not take.
  diffusers_setup setup(const diffusers_arguments& arguments) const { return held_->setup(arguments); }

  // The levels that add_noise() or scale_noise() uses after set_timesteps, one per label: for perturb().
  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& arguments = {}) const {
    return held_->noising(timesteps, arguments);
  }

  // The levels that get_velocity() uses: for velocity().
  std::vector<noise_level> velocity_levels(std::span<const double> timesteps,
                                           const diffusers_arguments& arguments = {}) const {
    return held_->velocity_levels(timesteps, arguments);
  }

 private:
  nlohmann::json file_;
  shared<diffusers::held_class> held_;
};

}  // namespace noisefall
