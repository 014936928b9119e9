// Predictors over libtorch: a network in a TorchScript file, or a module of the caller's.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/adapters/network_predictor.hpp>
#include <noisefall/adapters/torch_module.hpp>
#include <noisefall/core/error.hpp>

namespace noisefall {

// A module as the predictor calls it: arguments of forward() by their names, one output.
class torch_network {
 public:
  explicit torch_network(torch_module module) : module_{std::move(module)}, outputs_(1) {
    outputs_[0].name = "output";
    outputs_[0].type = module_.own_type();
    outputs_[0].any_rank = true;
  }

  static const char* where() { return "torch"; }
  const std::vector<array_info>& inputs() const { return module_.inputs(); }
  const std::vector<array_info>& outputs() const { return outputs_; }
  element_type own_type() const { return module_.own_type(); }
  torch_module& module() { return module_; }

  void run(const std::vector<array_ref>& arrays, std::size_t, array_ref& output) {
    try {
      module_.run(arrays, output);
    } catch (const std::exception& e) {
      std::string fed;
      for (std::size_t i = 0; i < arrays.size(); ++i)
        fed += (i == 0 ? "'" : ", '") + inputs()[i].name + "' " + name_of(arrays[i].type) + " " +
               to_string(arrays[i].extents);
      throw error{where(),
                  {e.what(), " (fed: ", fed, ")"},
                  {"a forward() that takes these and gives ", name_of(output.type), " ", to_string(output.extents)}};
    }
  }

  static torch_module load(const std::filesystem::path& file, const torch_settings& settings) {
    require(std::filesystem::is_regular_file(file), where(), {"there is no file ", file.string()},
            "a TorchScript file");
    try {
      return torch_module{file.string(), settings};
    } catch (const std::exception& e) {
      throw error{where(), {file.string(), ": ", e.what()}, "a TorchScript file that libtorch can load"};
    }
  }

 private:
  torch_module module_;
  std::vector<array_info> outputs_;
};

// A predictor over a TorchScript module, for states of T: the contract of onnx_predictor. Arguments of forward() are known
// by their names; TorchScript says nothing of tensors' types, so state and time are fed, and the output is expected, in
// the type of the module's parameters unless `options` says otherwise, times as [B]. Inputs of that type are not copied;
// the output is copied once, for libtorch makes it in memory of its own.
//
//   nf::torch_predictor<> unet{"unet.pt"};
//   nf::torch_predictor<float, nf::bfloat16> narrow{"unet_bf16.pt", {.time_type = nf::element_type::int64}};
template <std::floating_point T = float, class Out = T>
class torch_predictor : public network_predictor<torch_network, T, Out> {
 public:
  explicit torch_predictor(const std::filesystem::path& file, const network_options& options = {},
                           const torch_settings& settings = {})
      : torch_predictor{torch_network::load(file, settings), options} {}
  explicit torch_predictor(torch_module module, const network_options& options = {})
      : network_predictor<torch_network, T, Out>{torch_network{std::move(module)}, options} {}
};

}  // namespace noisefall
