// A model's folder as Optimum exports it: which layout it has, what its configuration files say, what is missing.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include <nlohmann/json.hpp>

namespace stable_diffusion {

/// FOLDER/text_encoder/model.onnx, unet/model.onnx, vae_decoder/model.onnx, vae_encoder/model.onnx (for images),
/// tokenizer/vocab.json and merges.txt, scheduler/scheduler_config.json; for SDXL also text_encoder_2 and tokenizer_2.
/// Each network's config.json and model_index.json are read where they are there.
struct model_folder {
  /// Throws noisefall::error: the folder or the file, that it is missing, and what is expected. Loads no network.
  explicit model_folder(const std::filesystem::path& folder);

  std::filesystem::path network(const char* part) const { return root / part / "model.onnx"; }

  /// Whether the U-Net is fed a mask and the latents of the masked image beside the latents.
  bool is_inpainting() const { return unet_channels == 2 * latent_channels + 1; }

  std::filesystem::path root;
  bool xl = false;
  bool has_encoder = false;                     // of images
  bool zeros_for_no_negative = false;           // SDXL: without a negative prompt, zeros stand for its encoding
  std::size_t latent_channels = 4, pixels = 8;  // per latent in each direction
  std::vector<double> scaling, shift;           // of each channel; what the U-Net sees: (latents - shift) * scaling
  std::size_t unet_channels = 4;                // latent_channels, or 2 latent_channels + 1 of a model for inpainting
  std::size_t guidance_width = 0;  // of timestep_cond, by which distilled models are told the guidance scale; 0: none
  std::size_t default_size = 512;  // of a picture, in pixels
  nlohmann::json scheduler;        // scheduler_config.json
};

}  // namespace stable_diffusion
