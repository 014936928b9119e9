// Fuzz target: diffusers' scheduler_config.json with the arguments of set_timesteps() and step(). It is refused with a
// noisefall::error, or it makes a sampler that runs. {"config": ..., "set_timesteps": ..., "step": ...}
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <noisefall/config/diffusers.hpp>

#include "support.hpp"

namespace nf = noisefall;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try {
    const nlohmann::json file = nf::parse_python_json(text, "fuzz");
    if (!file.is_object() || !fuzz::is_small(file)) return 0;
    const nf::diffusers_config config{file.value("config", nlohmann::json::object()), "/config"};
    nf::diffusers_arguments arguments;
    if (file.contains("set_timesteps")) arguments.read_set_timesteps(file["set_timesteps"], "/set_timesteps");
    if (file.contains("step")) arguments.read_step(file["step"], "/step");
    const double labels[] = {0, 1, 7.5, 999};
    try {
      config.noising(labels, arguments);
      config.velocity_levels(labels, arguments);
    } catch (const nf::error&) {  // a class without them
    }
    const nf::diffusers_setup made = config.setup(arguments);
    const nf::sampler sample{made.solver, made.schedule, made.path, nf::unguided{}, made.parameterisation, made.map};
    fuzz::run(sample, made.learned_variance);
  } catch (const nf::error&) {
  }
  return 0;
}
