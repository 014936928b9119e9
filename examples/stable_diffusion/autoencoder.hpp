// Latents as pictures, and pictures as latents.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <noisefall/adapters/png.hpp>
#include <noisefall/tensor/view.hpp>

#include "model_folder.hpp"
#include "onnx_file.hpp"

namespace stable_diffusion {

/// Latents are those that the U-Net sees, [channels, height / pixels, width / pixels]; pixels of networks go from -1 to 1,
/// [3, height, width].
class autoencoder {
 public:
  autoencoder(onnx_runtime& runtime, const model_folder& folder);

  /// One picture. Values beyond black and white are clamped.
  nf::picture decode(nf::view<float> latents);
  /// The mean of the latents' distribution, where the encoder gives one. Throws without an encoder.
  std::vector<float> encode(const nf::picture& image) { return encode(values_of(image), image.width, image.height); }
  std::vector<float> encode(const std::vector<float>& values, std::size_t width, std::size_t height);

  /// A picture as networks take it.
  static std::vector<float> values_of(const nf::picture& image);

 private:
  std::vector<double> scaling_, shift_;
  std::size_t channels_, pixels_;
  onnx_file decoder_;
  std::optional<onnx_file> encoder_;
};

}  // namespace stable_diffusion
