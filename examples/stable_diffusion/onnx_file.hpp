// A network in an ONNX file that is no predictor: tensors by name in, tensors of floats out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <onnxruntime_cxx_api.h>

#include <noisefall/adapters/network_condition.hpp>
#include <noisefall/adapters/onnxruntime.hpp>

namespace stable_diffusion {

namespace nf = noisefall;

/// ONNX Runtime's environment and settings, which outlive the sessions made with them.
class onnx_runtime {
 public:
  /// threads: 0 for as many as the machine has cores. Throws noisefall::error where ONNX Runtime was built without CUDA
  /// and that is asked for.
  onnx_runtime(std::size_t threads, bool on_cuda);

  /// Throws noisefall::error that names the file.
  Ort::Session load(const std::filesystem::path& file);

 private:
  Ort::Env env_{ORT_LOGGING_LEVEL_FATAL, "stable_diffusion"};
  Ort::SessionOptions settings_;
};

struct float_array {
  std::vector<std::int64_t> extents;
  std::vector<float> values;
};

/// Inputs are given in any type that converts to the network's; outputs of any floating-point type become floats.
class onnx_file {
 public:
  onnx_file(onnx_runtime& runtime, const std::filesystem::path& file);

  const std::filesystem::path& file() const { return file_; }
  const std::vector<nf::array_info>& inputs() const { return network_.inputs(); }
  const std::vector<nf::array_info>& outputs() const { return network_.outputs(); }
  bool has_output(const std::string& name) const;

  /// One array for each name in `wanted`. Throws noisefall::error where names, types or shapes do not fit.
  std::vector<float_array> run(const std::vector<nf::named_tensor>& given, const std::vector<std::string>& wanted);

 private:
  [[noreturn]] void refuse(const std::string& what, const std::string& allowed) const;

  std::filesystem::path file_;
  nf::onnx_network network_;
};

}  // namespace stable_diffusion
