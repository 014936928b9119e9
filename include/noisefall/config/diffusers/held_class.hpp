// A class of diffusers with its fields, whichever class it is.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/schedule/noise_level.hpp>

namespace noisefall::diffusers {

// What diffusers_config holds: its functions are those of diffusers_config.
class held_class : public counted {
 public:
  virtual std::string_view class_name() const = 0;
  virtual bool equals(const held_class& other) const = 0;  // the same class, with the same fields
  virtual diffusers_setup setup(const diffusers_arguments& arguments) const = 0;
  virtual std::vector<noise_level> noising(std::span<const double> timesteps,
                                           const diffusers_arguments& arguments) const = 0;
  virtual std::vector<noise_level> velocity_levels(std::span<const double> timesteps,
                                                   const diffusers_arguments& arguments) const = 0;
};

// Of the class that the file names. Throws noisefall::error with the JSON pointer of what is wrong, after `pointer`.
shared<held_class> read_class(const nlohmann::json& file, const std::string& pointer);

// Whether read_class knows the name.
bool is_built(std::string_view class_name);

}  // namespace noisefall::diffusers
