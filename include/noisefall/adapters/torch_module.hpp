// A TorchScript module behind a plain interface: what includes this sees nothing of libtorch, whose headers clang does not
// take as C++20 and which cost seconds per file. Compiled once, in noisefall::torch.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <noisefall/adapters/network_array.hpp>

namespace torch::jit {
struct Module;
}

namespace noisefall {

// device    "cpu", "cuda:0" ...: where the module runs; arrays are moved there and back where that is not the CPU
// optimize  let libtorch fold and fuse for inference: faster, with roundings of its own
struct torch_settings {
  std::string device = "cpu";
  bool optimize = false;
};

// Movable; one call at a time. Its functions throw std::runtime_error with libtorch's words.
class torch_module {
 public:
  explicit torch_module(const std::string& file, const torch_settings& settings = {});
  explicit torch_module(const torch::jit::Module& module, const torch_settings& settings = {});
  torch_module(torch_module&&) noexcept;
  torch_module& operator=(torch_module&&) noexcept;
  ~torch_module();

  // The arguments of forward(). TorchScript tells the shape and type of numbers only, of tensors neither.
  const std::vector<array_info>& inputs() const;
  // The element type of the module's parameters; float32 if it has none.
  element_type own_type() const;
  // forward(): inputs are read where they lie; its tensor, or the first of a tuple or list, or the entry "sample" or the
  // first of a dictionary, is copied to `output`.
  void run(const std::vector<array_ref>& inputs, array_ref& output);

 private:
  struct impl;
  std::unique_ptr<impl> self_;
};

// The threads that libtorch uses inside an operator, for the whole process. One serves small networks best.
void set_torch_threads(int threads);

}  // namespace noisefall
