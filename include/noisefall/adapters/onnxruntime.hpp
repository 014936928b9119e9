// Predictors over ONNX Runtime: a network in an ONNX file, or a session of the caller's.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <onnxruntime_cxx_api.h>

#include <noisefall/adapters/network_predictor.hpp>
#include <noisefall/core/error.hpp>

namespace noisefall {

// A session of ONNX Runtime, its arrays bound to the caller's memory. Loads a file, or takes or refers to a session
// that the caller made, with any execution provider: ONNX Runtime then moves arrays to its device and back by itself.
class onnx_network {
 public:
  // What goes wrong is thrown, not logged. One thread, for it serves small networks best and repeats its bits; a session
  // of your own has what you say.
  explicit onnx_network(const std::filesystem::path& file)
      : owned_env_{std::in_place, ORT_LOGGING_LEVEL_FATAL, "noisefall"} {
    Ort::SessionOptions settings;
    settings.SetIntraOpNumThreads(1);
    settings.SetInterOpNumThreads(1);
    require(std::filesystem::is_regular_file(file), where(), {"there is no file ", file.string()}, "an ONNX file");
    try {
      owned_ = Ort::Session{*owned_env_, file.c_str(), settings};
    } catch (const Ort::Exception& e) {
      throw error{where(), {file.string(), ": ", e.what()}, "an ONNX file that ONNX Runtime can load"};
    }
    read();
  }
  explicit onnx_network(Ort::Session&& session) : owned_{std::move(session)} { read(); }
  // Refers to the session, which several predictors may share, each on a thread of its own.
  explicit onnx_network(Ort::Session& session) : borrowed_{&session} { read(); }

  static const char* where() { return "onnxruntime"; }
  static element_type own_type() { return element_type::float32; }  // never asked for: ONNX says all types
  const std::vector<array_info>& inputs() const { return inputs_; }
  const std::vector<array_info>& outputs() const { return outputs_; }
  Ort::Session& session() { return borrowed_ != nullptr ? *borrowed_ : owned_; }

  void run(const std::vector<array_ref>& inputs, std::size_t which, array_ref& output) {
    try {
      for (std::size_t i = 0; i < inputs.size(); ++i) binding_.BindInput(inputs_[i].name.c_str(), value_of(inputs[i]));
      binding_.BindOutput(outputs_[which].name.c_str(), value_of(output));
      session().Run(Ort::RunOptions{nullptr}, binding_);
    } catch (const Ort::Exception& e) {
      std::string fed;
      for (std::size_t i = 0; i < inputs.size(); ++i)
        fed += (i == 0 ? "'" : ", '") + inputs_[i].name + "' " + to_string(inputs[i].extents);
      throw error{where(),
                  {e.what(), " (fed: ", fed, ", for '", outputs_[which].name, "' ", to_string(output.extents), ")"},
                  to_string(inputs_) + " for " + to_string(outputs_[which])};
    }
  }

 private:
  static element_type type_of(ONNXTensorElementDataType type) {
    switch (type) {
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
        return element_type::float32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
        return element_type::float64;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
        return element_type::float16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16:
        return element_type::bfloat16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
        return element_type::int64;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
        return element_type::int32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
        return element_type::uint8;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
        return element_type::boolean;
      default:
        return element_type::unknown;
    }
  }
  static ONNXTensorElementDataType type_of(element_type type) {
    static constexpr ONNXTensorElementDataType types[] = {
        ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
        ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE,    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16,
        ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16,  ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64,
        ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32,     ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8,
        ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL};
    return types[static_cast<std::size_t>(type)];
  }

  // The caller's memory as an array of ONNX Runtime.
  Ort::Value value_of(const array_ref& array) const {
    std::size_t elements = 1;
    for (const std::int64_t extent : array.extents) elements *= static_cast<std::size_t>(extent);
    return Ort::Value::CreateTensor(memory_, array.data, elements * size_of(array.type), array.extents.data(),
                                    array.extents.size(), type_of(array.type));
  }

  static array_info info_of(const std::string& name, const Ort::TypeInfo& type, const char* kind) {
    array_info info;
    info.name = name;
    if (type.GetONNXType() != ONNX_TYPE_TENSOR)
      throw error{std::string{where()} + ": " + kind + " '" + name + "'", "is no tensor", "a network of tensors"};
    const auto tensor = type.GetTensorTypeAndShapeInfo();
    info.type = type_of(tensor.GetElementType());
    if (info.type == element_type::unknown)
      throw error{std::string{where()} + ": " + kind + " '" + name + "'",
                  "element type " + std::to_string(static_cast<int>(tensor.GetElementType())) + " of ONNX",
                  "float32, float64, float16, bfloat16, int64, int32, uint8 or boolean"};
    info.extents = tensor.GetShape();
    std::vector<const char*> symbols(info.extents.size());
    tensor.GetSymbolicDimensions(symbols.data(), symbols.size());
    info.symbols.assign(symbols.begin(), symbols.end());
    return info;
  }
  void read() {
    const Ort::AllocatorWithDefaultOptions names;
    Ort::Session& of = session();
    for (std::size_t i = 0; i < of.GetInputCount(); ++i)
      inputs_.push_back(info_of(of.GetInputNameAllocated(i, names).get(), of.GetInputTypeInfo(i), "input"));
    for (std::size_t i = 0; i < of.GetOutputCount(); ++i)
      outputs_.push_back(info_of(of.GetOutputNameAllocated(i, names).get(), of.GetOutputTypeInfo(i), "output"));
    binding_ = Ort::IoBinding{of};
  }

  std::optional<Ort::Env> owned_env_;
  Ort::Session owned_{nullptr};
  Ort::Session* borrowed_ = nullptr;
  Ort::MemoryInfo memory_ = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  Ort::IoBinding binding_{nullptr};
  std::vector<array_info> inputs_, outputs_;
};

// A predictor over an ONNX network, for states of T. Names, types and shapes are read from the network; `options` says
// otherwise. The condition is tensors by name: network_condition. State, conditions and outputs are ONNX Runtime's own
// arrays where their types are the network's: nothing is copied, unless branches go together in one call, which puts
// them side by side. A network with half or bfloat16 outputs has them read as they are under Out = half, bfloat16:
//
//   nf::onnx_predictor<float, nf::half> unet{"unet/model.onnx"};
//   sample(unet, latents, {.seed = 42, .conditional = {{"encoder_hidden_states", cat}}, .unconditional = ...});
//
// Throws noisefall::error that names the tensor, the shape or type that it has and those that it needs: when it is made,
// or at the first call. The branches of a guided step go together in one call, or one by one: options.branches.
template <std::floating_point T = float, class Out = T>
class onnx_predictor : public network_predictor<onnx_network, T, Out> {
 public:
  explicit onnx_predictor(const std::filesystem::path& file, const network_options& options = {})
      : network_predictor<onnx_network, T, Out>{onnx_network{file}, options} {}
  explicit onnx_predictor(Ort::Session&& session, const network_options& options = {})
      : network_predictor<onnx_network, T, Out>{onnx_network{std::move(session)}, options} {}
  explicit onnx_predictor(Ort::Session& session, const network_options& options = {})
      : network_predictor<onnx_network, T, Out>{onnx_network{session}, options} {}
};

}  // namespace noisefall
