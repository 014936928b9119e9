// What to draw: a job file, or the job in a picture that was drawn before.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "clip_tokenizer.hpp"
#include "job_sampler.hpp"
#include "model_folder.hpp"

namespace stable_diffusion {

/// philox: the library's noise: that of picture k of a seed is the same in any batch and on any machine. torch: that of
/// torch.randn on the CPU after torch.manual_seed(seed + k), as a pipeline of diffusers draws with a generator for each
/// picture.
enum class noise_kind : std::uint8_t { philox, torch };

/// {"model": FOLDER, "prompt": TEXT or list, "negative_prompt": TEXT or list,
///  "further_prompts": list, the branches from 2 on of guidances with more weights (composition, perp_neg),
///  "long_prompt": "refused" or "cut",
///  "width", "height", "seed", "count", "first_sample", "batch": pictures first_sample to first_sample + count - 1 of the
///  seed, batch of them together; picture k has the prompt k modulo their number,
///  "noise": "philox" or "torch",
///  "image": PNG to start from with "strength"; "mask": PNG, black where the image is held, white where it is drawn anew,
///  grey for a mix; "keep_pixels": true to put the image's own pixels back there,
///  "branches": "together" or "one_by_one", "threads": 0 for all cores, "provider": "cpu" or "cuda",
///  "previews": every so many steps, 0 for none,
///  "original_size", "crop", "target_size": [height, width] or [top, left], what SDXL is told;
///  and the sampler's fields, see job_sampler.hpp}. Only model and prompt must be there.
struct job {
  model_folder folder;
  job_sampler sampler;
  std::vector<std::string> prompts{}, negatives{}, further{};  // no negatives: what the model has for none
  long_prompt too_long = long_prompt::refused;
  std::size_t width = 0, height = 0;  // of a picture
  std::uint64_t seed = 0;
  std::size_t first_sample = 0, count = 1, batch = 1;
  noise_kind noise = noise_kind::philox;
  std::filesystem::path image{}, mask{};  // empty: none
  bool keep_pixels = false;
  bool one_by_one = false;  // the branches of a guided step
  bool on_cuda = false;
  std::size_t threads = 0, preview_every = 0;
  std::array<float, 6> sizes{};  // SDXL's time_ids
  nlohmann::json described{};    // the job with every default; makes the same job

  /// The job that draws picture `sample` of this one again, alone where pictures do not depend on each other.
  nlohmann::json of_picture(std::size_t sample) const;
};

/// The keyword of the job in a picture.
inline constexpr const char* embedded_job = "noisefall job";

/// `beside`: the folder in which files are looked for. Throws noisefall::error with the JSON pointer, or the file.
job make_job(const nlohmann::json& from, const std::filesystem::path& beside);

/// The job of a file: JSON, or a picture that stable_diffusion drew.
nlohmann::json read_job_file(const std::filesystem::path& file);

}  // namespace stable_diffusion
