// What a caller of diffusers hands to set_timesteps() and to step(), under the names it has there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/fields.hpp>
#include <noisefall/core/error.hpp>

namespace noisefall {

// Absent: as if the Python caller had not given it.
struct diffusers_arguments {
  std::optional<std::size_t> num_inference_steps{};
  std::optional<std::vector<double>> timesteps{}, sigmas{};
  std::optional<double> mu{};
  std::optional<std::size_t> original_inference_steps{};
  std::optional<double> strength{};
  std::optional<std::size_t> jump_length{}, jump_n_sample{};
  std::optional<std::size_t> stage_index{};
  bool is_amplify_first_chunk = false;
  // step():
  std::optional<double> eta{};
  std::optional<int> order{};
  bool use_clipped_model_output = false;
  double s_churn = 0, s_tmin = 0, s_tmax = std::numeric_limits<double>::infinity(), s_noise = 1;

  // The arguments of set_timesteps as a JSON object with those names; a name that is none of them is an error.
  void read_set_timesteps(const nlohmann::json& object, const std::string& pointer = {}) {
    const fields f{object, pointer};
    f.allow_only({"num_inference_steps", "timesteps", "sigmas", "mu", "original_inference_steps", "strength",
                  "jump_length", "jump_n_sample", "stage_index", "is_amplify_first_chunk"});
    const auto count = [&](std::string_view name, std::optional<std::size_t>& to) {
      if (f.has(name)) to = static_cast<std::size_t>(f.integer(name, 0, 1, 1000000));
    };
    count("num_inference_steps", num_inference_steps);
    count("original_inference_steps", original_inference_steps);
    count("jump_length", jump_length);
    count("jump_n_sample", jump_n_sample);
    if (f.has("timesteps")) timesteps = f.numbers("timesteps");
    if (f.has("sigmas")) sigmas = f.numbers("sigmas");
    if (f.has("mu")) mu = f.number("mu", 0);
    if (f.has("stage_index")) stage_index = static_cast<std::size_t>(f.integer("stage_index", 0, 0, 1000000));
    is_amplify_first_chunk = f.boolean("is_amplify_first_chunk", is_amplify_first_chunk);
    if (f.has("strength")) strength = f.number("strength", 1, unit_interval);
  }
  // Those of step().
  void read_step(const nlohmann::json& object, const std::string& pointer = {}) {
    const fields f{object, pointer};
    f.allow_only({"eta", "order", "use_clipped_model_output", "s_churn", "s_tmin", "s_tmax", "s_noise"});
    if (f.has("eta")) eta = f.number("eta", 0, not_negative);
    if (f.has("order")) order = static_cast<int>(f.integer("order", 4, 1, 4));
    use_clipped_model_output = f.boolean("use_clipped_model_output", use_clipped_model_output);
    s_churn = f.number("s_churn", s_churn, not_negative);
    s_tmin = f.number("s_tmin", s_tmin, not_negative);
    s_tmax = f.number("s_tmax", s_tmax, not_negative);
    s_noise = f.number("s_noise", s_noise, not_negative);
  }

  // Throws if an argument is set that the class does not have.
  void allow_only(std::string_view class_name, std::initializer_list<std::string_view> names) const {
    std::string allowed;
    for (const std::string_view n : names) allowed += (allowed.empty() ? "" : ", ") + std::string{n};
    const diffusers_arguments none;
    for (const auto& [name, is_set] :
         {std::pair<std::string_view, bool>{"num_inference_steps", num_inference_steps.has_value()},
          {"timesteps", timesteps.has_value()},
          {"sigmas", sigmas.has_value()},
          {"mu", mu.has_value()},
          {"original_inference_steps", original_inference_steps.has_value()},
          {"strength", strength.has_value()},
          {"jump_length", jump_length.has_value()},
          {"jump_n_sample", jump_n_sample.has_value()},
          {"stage_index", stage_index.has_value()},
          {"is_amplify_first_chunk", is_amplify_first_chunk},
          {"eta", eta.value_or(0) != 0},
          {"order", order.has_value()},
          {"use_clipped_model_output", use_clipped_model_output},
          {"s_churn", s_churn != none.s_churn},
          {"s_tmin", s_tmin != none.s_tmin},
          {"s_tmax", s_tmax != none.s_tmax},
          {"s_noise", s_noise != none.s_noise}})
      require(!is_set || std::find(names.begin(), names.end(), name) != names.end(), class_name,
              "has no argument " + std::string{name}, allowed);
  }

  // The number of steps; it must be given, and be at most `most`.
  std::size_t steps(std::string_view class_name, std::size_t most) const {
    require(num_inference_steps.has_value(), class_name, "num_inference_steps is missing",
            "1 to " + std::to_string(most));
    require(*num_inference_steps >= 1 && *num_inference_steps <= most, class_name,
            "num_inference_steps: " + std::to_string(*num_inference_steps), "1 to " + std::to_string(most));
    return *num_inference_steps;
  }

  // Throws unless exactly one of num_inference_steps and `list` is given and the list is not empty.
  void one_of(std::string_view class_name, const std::optional<std::vector<double>>& list,
              std::string_view name) const {
    require(num_inference_steps.has_value() != list.has_value(), class_name,
            (list ? "both num_inference_steps and " : "neither num_inference_steps nor ") + std::string{name},
            "exactly one of them");
    require(!list || !list->empty(), class_name, std::string{name} + " is empty", "one entry or more");
  }
};

}  // namespace noisefall
