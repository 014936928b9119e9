// Fuzz target: a job file of examples/sample. It is refused with a noisefall::error, or it makes a job that says what
// it is.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "support.hpp"
#include "support/job.hpp"

namespace nf = noisefall;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try {
    const nlohmann::json file = nf::parse_json(text, "fuzz");
    if (!fuzz::is_small(file, 2000)) return 0;
    const examples::job job = examples::make_job(file, "fuzz.json", {.quick = true});
    const auto described = job.described.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    if (described.empty()) fuzz::fail("a job that does not say what it is");
  } catch (const nf::error&) {
  }
  return 0;
}
