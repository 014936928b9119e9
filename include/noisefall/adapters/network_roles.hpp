// Which of a network's inputs is the state and which the time, and which output is the answer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/adapters/network_array.hpp>
#include <noisefall/adapters/network_options.hpp>
#include <noisefall/core/error.hpp>

namespace noisefall {

// By the names in the options; else by names that exporters use; else the state is the only floating-point input of rank
// 2 or more, and the time the only input left of rank 0 or 1. A network may have no time. Throws noisefall::error, with
// all that the network declares, where a name is not there or nothing tells inputs apart.
class network_roles {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  network_roles(const std::string& where, const std::vector<array_info>& inputs, const std::vector<array_info>& outputs,
                const network_options& options)
      : state{find_state(where, inputs, options)},
        time{find_time(where, inputs, options, state)},
        output{find_output(where, outputs, options)} {}

  std::size_t state, time, output;

 private:
  using names = std::vector<std::string_view>;

  static std::size_t named(const std::string& where, const std::vector<array_info>& of, const std::string& name,
                           const char* what) {
    for (std::size_t i = 0; i < of.size(); ++i)
      if (of[i].name == name) return i;
    refuse({where, ": ", what}, {"there is none named '", name, "'"}, to_string(of));
  }
  static std::size_t known(const std::vector<array_info>& of, const names& candidates, std::size_t other_than = none) {
    for (const std::string_view name : candidates)
      for (std::size_t i = 0; i < of.size(); ++i)
        if (of[i].name == name && i != other_than) return i;
    return none;
  }
  // The one for which `may` holds; none if there is no such, or more than one.
  template <class May>
  static std::size_t only(const std::vector<array_info>& of, const May& may) {
    std::size_t found = none;
    for (std::size_t i = 0; i < of.size(); ++i)
      if (may(i)) {
        if (found != none) return none;
        found = i;
      }
    return found;
  }

  static std::size_t find_state(const std::string& where, const std::vector<array_info>& inputs,
                                const network_options& options) {
    if (!options.state.empty()) return named(where, inputs, options.state, "input of the state");
    const auto may = [&](std::size_t i) {
      return (inputs[i].type == element_type::unknown || is_floating(inputs[i].type)) &&
             (inputs[i].any_rank || inputs[i].extents.size() >= 2);
    };
    std::size_t found =
        known(inputs, {"sample", "latent_model_input", "noisy_latents", "latents", "latent", "noisy_sample", "x_t",
                       "xt", "x", "hidden_states", "noisy_image", "images", "image", "input"});
    if (found == none || !may(found)) found = only(inputs, may);
    require(found != none, {where, ": input of the state"}, {"cannot be told among ", to_string(inputs)},
            "network_options::state with its name");
    return found;
  }
  static std::size_t find_time(const std::string& where, const std::vector<array_info>& inputs,
                               const network_options& options, std::size_t state) {
    if (!options.time.empty()) return named(where, inputs, options.time, "input of the time");
    const std::size_t found =
        known(inputs,
              {"timestep", "timesteps", "time_step", "t", "time", "times", "sigma", "sigmas", "noise_level", "c_noise"},
              state);
    if (found != none) return found;
    return only(inputs, [&](std::size_t i) {
      return i != state && !inputs[i].any_rank && inputs[i].extents.size() <= 1 &&
             inputs[i].type != element_type::boolean;
    });
  }
  static std::size_t find_output(const std::string& where, const std::vector<array_info>& outputs,
                                 const network_options& options) {
    if (!options.output.empty()) return named(where, outputs, options.output, "output");
    require(!outputs.empty(), {where, ": output"}, "the network has none", "a network with an output");
    const std::size_t found = known(outputs, {"out_sample", "sample", "noise_pred", "model_output", "eps", "output"});
    return found == none ? 0 : found;
  }
};

}  // namespace noisefall
