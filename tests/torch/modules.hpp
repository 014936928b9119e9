// TorchScript files of modules written in the test.
#pragma once

#include <string>

// `forward` is TorchScript's source of the method; the module has one parameter, `half` = 0.5, of `type` ("float32",
// "bfloat16" or "float16").
void write_module(const std::string& file, const std::string& forward, const std::string& type);

// Calls `use` with a module made in memory.
namespace torch::jit {
struct Module;
}
void with_module(const std::string& forward, void (*use)(const torch::jit::Module&));
