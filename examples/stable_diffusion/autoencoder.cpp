#include "autoencoder.hpp"

#include <cmath>
#include <cstdint>
#include <string>

#include <noisefall/core/error.hpp>

namespace stable_diffusion {

autoencoder::autoencoder(onnx_runtime& runtime, const model_folder& folder)
    : scaling_{folder.scaling},
      shift_{folder.shift},
      channels_{folder.latent_channels},
      pixels_{folder.pixels},
      decoder_{runtime, folder.network("vae_decoder")} {
  if (folder.has_encoder) encoder_.emplace(runtime, folder.network("vae_encoder"));
}

nf::picture autoencoder::decode(nf::view<float> latents) {
  const nf::shape& extents = latents.extents();  // [1, channels, height, width]
  std::vector<float> z(latents.size());
  const std::size_t area = extents[2] * extents[3];
  for (std::size_t i = 0; i < z.size(); ++i)
    z[i] = static_cast<float>(static_cast<double>(latents[i]) / scaling_[i / area] + shift_[i / area]);
  const auto height = static_cast<std::int64_t>(extents[2]), width = static_cast<std::int64_t>(extents[3]);
  const auto pixels = static_cast<std::int64_t>(pixels_);
  const float_array image = decoder_.run(
      {{"latent_sample", z.data(), {1, static_cast<std::int64_t>(channels_), height, width}}}, {"sample"})[0];
  const std::vector<std::int64_t> expected{1, 3, height * pixels, width * pixels};
  nf::require(image.extents == expected, decoder_.file().string(),
              {"gives 'sample' of shape ", nf::to_string(image.extents)},
              {nf::to_string(expected), ", by the block_out_channels of its config.json"});
  return nf::sheet(nf::view<float>{image.values.data(), {1, 3, extents[2] * pixels_, extents[3] * pixels_}},
                   {.columns = 1, .border = 0, .upscale = 1});
}

std::vector<float> autoencoder::values_of(const nf::picture& image) {
  const std::size_t area = image.width * image.height;
  std::vector<float> values(3 * area);
  for (std::size_t i = 0; i < area; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      values[c * area + i] =
          static_cast<float>(image.pixels[i * image.channels + (image.channels == 3 ? c : 0)]) / 127.5F - 1;
  return values;
}

std::vector<float> autoencoder::encode(const std::vector<float>& values, std::size_t across, std::size_t down) {
  nf::require(encoder_.has_value(), "image", "the model's folder holds no vae_encoder/model.onnx",
              "a model with an encoder, to start from a picture or hold one");
  const auto height = static_cast<std::int64_t>(down), width = static_cast<std::int64_t>(across);
  const bool parameters = encoder_->has_output("latent_parameters");  // mean and logarithm of the variance
  float_array latents = encoder_->run({{"sample", values.data(), {1, 3, height, width}}},
                                      {parameters ? "latent_parameters" : "latent_sample"})[0];
  const auto channels = static_cast<std::int64_t>(channels_), pixels = static_cast<std::int64_t>(pixels_);
  const std::vector<std::int64_t> expected{1, channels, height / pixels, width / pixels};
  std::vector<std::int64_t> doubled = expected;
  doubled[1] *= 2;
  nf::require(latents.extents == expected || latents.extents == doubled, encoder_->file().string(),
              {"gives latents of shape ", nf::to_string(latents.extents)},
              {nf::to_string(expected), " or ", nf::to_string(doubled)});
  const std::size_t area = (down / pixels_) * (across / pixels_);
  latents.values.resize(channels_ * area);
  for (std::size_t i = 0; i < latents.values.size(); ++i) {
    float& z = latents.values[i];
    z = static_cast<float>((static_cast<double>(z) - shift_[i / area]) * scaling_[i / area]);
  }
  return std::move(latents.values);
}

}  // namespace stable_diffusion
