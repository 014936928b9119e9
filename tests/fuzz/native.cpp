// Fuzz target: a sampler's file. It is refused with a noisefall::error, or it is written as it was read and runs.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <noisefall/config/config.hpp>

#include "support.hpp"

namespace nf = noisefall;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try {
    const nlohmann::json file = nf::parse_json(text, "fuzz");
    if (!fuzz::is_small(file)) return 0;
    const nf::loaded_sampler loaded = nf::load_sampler(file);
    try {
      const nf::loaded_sampler again = nf::load_sampler(nlohmann::json::parse(loaded.described.dump()));
      if (again.described != loaded.described) fuzz::fail("it is not written as it was read");
      const nlohmann::json& solver = loaded.described["solver"];
      if (solver.contains("statistics")) {  // of another state than the one at hand
        const auto& of = solver["statistics"];
        if (fuzz::sample_size % (of["l"].size() / of["lambdas"].size()) != 0) return 0;
      }
      const std::string variance = loaded.described["solver"].value("variance", "");
      fuzz::run(loaded.policy, variance == "learned" || variance == "learned_range");
    } catch (const nf::error& e) {
      fuzz::fail(e.what());
    }
  } catch (const nf::error& e) {
    if (e.where().empty() || std::string_view{e.what()}.find(": ") == std::string_view::npos)
      fuzz::fail("a message that does not say where");
  }
  return 0;
}
