// Prompts as the U-Net is told them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <noisefall/adapters/network_condition.hpp>

#include "clip_tokenizer.hpp"
#include "model_folder.hpp"
#include "onnx_file.hpp"

namespace stable_diffusion {

/// One prompt, encoded.
struct encoded_text {
  std::vector<float> states;  // [length, width]
  std::size_t length = 0, width = 0;
  std::vector<float> pooled{};  // SDXL: of the whole prompt
};

/// Stable Diffusion 1.x and 2.x: the last states of the text encoder. SDXL: the last but one of both encoders, side by
/// side, and the projected state of the second one's end token.
class text_encoder {
 public:
  text_encoder(onnx_runtime& runtime, const model_folder& folder);

  /// Cut prompts are told in `notes`, if that is what is wanted of them; else they are refused with `where`.
  encoded_text operator()(const std::string& text, long_prompt too_long, const std::string& where,
                          std::vector<std::string>& notes);
  /// What stands for a negative prompt that is not there, where the model wants zeros.
  encoded_text zeros();

  const std::vector<clip_tokenizer>& tokenizers() const { return tokenizers_; }

 private:
  encoded_text encode(std::size_t which, const tokens& prompt);

  bool xl_;
  std::vector<clip_tokenizer> tokenizers_;
  std::vector<onnx_file> networks_;
};

}  // namespace stable_diffusion
