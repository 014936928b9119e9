// The U-Net of a model for inpainting, which sees the mask and the masked image beside the latents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/adapters/network_condition.hpp>
#include <noisefall/adapters/onnxruntime.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/view.hpp>

namespace stable_diffusion {

namespace nf = noisefall;

/// A predictor over latents [B, channels, height, width] whose network takes further channels after them, the same for
/// all samples: `beside`, [more, height, width]. With none it is the network itself.
class inpainting_unet {
 public:
  using condition = nf::network_condition;

  inpainting_unet(nf::onnx_predictor<> network, std::vector<float> beside)
      : network_{std::move(network)}, beside_{std::move(beside)} {}

  void predict(nf::view<float> x, const nf::evaluation& at, std::span<const condition* const> conditions,
               std::span<const nf::mutable_view<float>> outs) {
    network_.predict(with_channels(x), at, conditions, outs);
  }
  void predict(nf::view<float> x, const nf::evaluation& at, const condition& c, nf::mutable_view<float> out) {
    network_.predict(with_channels(x), at, c, out);
  }

 private:
  nf::view<float> with_channels(nf::view<float> x) {
    if (beside_.empty()) return x;
    const nf::shape& of = x.extents();
    const nf::shape extents = of.with_extent(1, of[1] + beside_.size() / (of[2] * of[3]));
    state_.clear();
    for (std::size_t i = 0; i < x.samples(); ++i) {
      state_.insert(state_.end(), x.sample(i), x.sample(i) + x.sample_size());
      state_.insert(state_.end(), beside_.begin(), beside_.end());
    }
    return {state_.data(), extents};
  }

  nf::onnx_predictor<> network_;
  std::vector<float> beside_, state_;
};

}  // namespace stable_diffusion
