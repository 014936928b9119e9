#include "onnx_file.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>

#include <noisefall/adapters/network_convert.hpp>
#include <noisefall/core/error.hpp>

namespace stable_diffusion {

onnx_runtime::onnx_runtime(std::size_t threads, bool on_cuda) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  settings_.SetIntraOpNumThreads(static_cast<int>(threads == 0 ? cores : threads));
  settings_.SetInterOpNumThreads(1);
  if (!on_cuda) return;
  try {
    settings_.AppendExecutionProvider_CUDA(OrtCUDAProviderOptions{});
  } catch (const Ort::Exception& e) {
    throw nf::error{"/provider", e.what(), "cpu, or an ONNX Runtime with CUDA (ONNXRUNTIME_ROOT)"};
  }
}

Ort::Session onnx_runtime::load(const std::filesystem::path& file) {
  try {
    return Ort::Session{env_, file.c_str(), settings_};
  } catch (const Ort::Exception& e) {
    throw nf::error{file.string(), e.what(), "an ONNX file that ONNX Runtime can load"};
  }
}

onnx_file::onnx_file(onnx_runtime& runtime, const std::filesystem::path& file)
    : file_{file}, network_{runtime.load(file)} {}

bool onnx_file::has_output(const std::string& name) const {
  return std::any_of(outputs().begin(), outputs().end(), [&](const auto& one) { return one.name == name; });
}

void onnx_file::refuse(const std::string& what, const std::string& allowed) const {
  throw nf::error{file_.string(), what, allowed};
}

std::vector<float_array> onnx_file::run(const std::vector<nf::named_tensor>& given,
                                        const std::vector<std::string>& wanted) {
  const Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  std::vector<std::vector<std::byte>> converted;
  std::vector<const char*> input_names, output_names;
  std::vector<Ort::Value> values;
  std::string fed;
  for (const nf::array_info& info : inputs()) {
    const auto found =
        std::find_if(given.begin(), given.end(), [&](const nf::named_tensor& one) { return one.name() == info.name; });
    if (found == given.end()) refuse("takes '" + info.name + "' " + to_string(info), "a network without such an input");
    const nf::array_ref& array = found->array();
    fed += (fed.empty() ? "'" : ", '") + info.name + "' " + nf::to_string(array.extents);
    if (!nf::convertible(array.type, info.type))
      refuse("takes '" + info.name + "' as " + name_of(info.type), name_of(array.type));
    std::vector<std::byte>& bytes = converted.emplace_back(found->elements() * size_of(info.type));
    nf::convert(array.type, array.data, info.type, bytes.data(), found->elements());
    input_names.push_back(info.name.c_str());
    const auto type = info.type == nf::element_type::float16    ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16
                      : info.type == nf::element_type::bfloat16 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16
                      : info.type == nf::element_type::float64  ? ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE
                      : info.type == nf::element_type::int64    ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64
                      : info.type == nf::element_type::int32    ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32
                                                                : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    values.push_back(
        Ort::Value::CreateTensor(memory, bytes.data(), bytes.size(), array.extents.data(), array.extents.size(), type));
  }
  for (const std::string& name : wanted) {
    if (!has_output(name)) refuse("gives " + to_string(outputs()), "a network with an output '" + name + "'");
    output_names.push_back(name.c_str());
  }
  std::vector<Ort::Value> answers;
  try {
    answers = network_.session().Run(Ort::RunOptions{nullptr}, input_names.data(), values.data(), values.size(),
                                     output_names.data(), output_names.size());
  } catch (const Ort::Exception& e) {
    refuse(std::string{e.what()} + " (fed: " + fed + ")", to_string(inputs()));
  }
  std::vector<float_array> results;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto info =
        std::find_if(outputs().begin(), outputs().end(), [&](const auto& o) { return o.name == wanted[i]; });
    if (!nf::is_floating(info->type))
      refuse("gives '" + wanted[i] + "' as " + name_of(info->type), "floating-point numbers");
    const auto shape = answers[i].GetTensorTypeAndShapeInfo();
    float_array& result = results.emplace_back();
    result.extents = shape.GetShape();
    result.values.resize(shape.GetElementCount());
    nf::convert(info->type, answers[i].GetTensorMutableRawData(), nf::element_type::float32, result.values.data(),
                result.values.size());
  }
  return results;
}

}  // namespace stable_diffusion
