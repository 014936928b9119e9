// The networks of a model together, and the pictures that a job asks of them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <noisefall/adapters/png.hpp>
#include <noisefall/core/outcome.hpp>
#include <noisefall/tensor/tensor.hpp>

#include "autoencoder.hpp"
#include "job.hpp"
#include "onnx_file.hpp"
#include "text_encoder.hpp"

namespace stable_diffusion {

/// Who watches a job; each may be empty.
struct watchers {
  /// After each step: the number of steps done in this batch, its first picture, its latents [B, channels, height, width].
  std::function<void(std::size_t step, std::size_t first, nf::view<float> latents)> latents{};
  /// Every so many steps as the job asks: what the pictures of the batch would be, as one.
  std::function<void(std::size_t step, std::size_t first, const nf::picture& preview)> preview{};
  /// Each picture, as soon as it is drawn.
  std::function<void(std::size_t sample, nf::view<float> latents, const nf::picture& image)> picture{};
  /// Asked after each step. finish: one more step, straight to a clean picture, and no further batch.
  std::function<nf::verdict()> go_on{};
  bool progress_bar = false;  // on stderr, where that is a terminal
};

/// What a job came to.
struct job_result {
  nf::outcome how = nf::outcome::finished;
  std::size_t pictures = 0, steps = 0, evaluations = 0;  // steps and evaluations of one batch
};

/// The networks, loaded. Draws any job of the same folder.
class pipeline {
 public:
  explicit pipeline(const job& first);

  /// What was done otherwise than a user might think (cut prompts, rounded times) is added to `notes`.
  job_result draw(const job& asked, const watchers& who, std::vector<std::string>& notes);

  const text_encoder& text() const { return text_; }
  autoencoder& images() { return images_; }

 private:
  struct prompts;
  prompts encode(const job& asked, std::vector<std::string>& notes);

  onnx_runtime runtime_;
  text_encoder text_;
  autoencoder images_;
  Ort::Session unet_;
};

}  // namespace stable_diffusion
