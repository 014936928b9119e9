#include "modules.hpp"

#include <torch/script.h>

namespace {

torch::jit::Module made(const std::string& forward, const std::string& type) {
  torch::jit::Module module{"test"};
  const at::ScalarType scalar = type == "bfloat16" ? at::kBFloat16 : type == "float16" ? at::kHalf : at::kFloat;
  module.register_parameter("half", at::full({1}, 0.5, at::TensorOptions().dtype(scalar)), false);
  module.define(forward);
  return module;
}

}  // namespace

void write_module(const std::string& file, const std::string& forward, const std::string& type) {
  made(forward, type).save(file);
}

void with_module(const std::string& forward, void (*use)(const torch::jit::Module&)) { use(made(forward, "float32")); }
