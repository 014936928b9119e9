// Networks in files of other libraries, as far as those libraries are here.
#pragma once

#include <filesystem>
#include <string>

#include <noisefall/adapters/network_condition.hpp>
#include <noisefall/adapters/network_options.hpp>
#include <noisefall/predictor/any_predictor.hpp>
#include <noisefall/tensor/span_algebra.hpp>

namespace examples {

namespace nf = noisefall;

using runtime_predictor = nf::any_predictor<nf::network_condition, nf::span_algebra<float>>;

/// "onnx" and "torch". Throws noisefall::error if this program was built without the library, or the file is no network
/// of it. `optimize`: torch's own pass over the module.
runtime_predictor load_network(const std::string& kind, const std::filesystem::path& file,
                               const nf::network_options& options = {}, bool optimize = false);
bool has_runtime(const std::string& kind);

}  // namespace examples
