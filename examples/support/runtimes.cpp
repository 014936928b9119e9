#include "runtimes.hpp"

#include <noisefall/core/error.hpp>
#ifdef NOISEFALL_EXAMPLES_ONNXRUNTIME
#include <noisefall/adapters/onnxruntime.hpp>
#endif
#ifdef NOISEFALL_EXAMPLES_TORCH
#include <noisefall/adapters/torch.hpp>
#endif

namespace examples {

runtime_predictor load_network(const std::string& kind, [[maybe_unused]] const std::filesystem::path& file,
                               [[maybe_unused]] const nf::network_options& options, [[maybe_unused]] bool optimize) {
#ifdef NOISEFALL_EXAMPLES_ONNXRUNTIME
  if (kind == "onnx") return nf::onnx_predictor<>{file, options};
#endif
#ifdef NOISEFALL_EXAMPLES_TORCH
  if (kind == "torch") {
    nf::set_torch_threads(1);
    return nf::torch_predictor<>{file, options, {.optimize = optimize}};
  }
#endif
  throw nf::error{"load_network", kind, "a runtime that this program was built with"};
}

bool has_runtime([[maybe_unused]] const std::string& kind) {
#ifdef NOISEFALL_EXAMPLES_ONNXRUNTIME
  if (kind == "onnx") return true;
#endif
#ifdef NOISEFALL_EXAMPLES_TORCH
  if (kind == "torch") return true;
#endif
  return false;
}

}  // namespace examples
