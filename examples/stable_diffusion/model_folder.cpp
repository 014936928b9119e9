#include "model_folder.hpp"

#include <string>
#include <system_error>

#include <noisefall/config/fields.hpp>
#include <noisefall/config/python_json.hpp>
#include <noisefall/core/error.hpp>

namespace stable_diffusion {

namespace nf = noisefall;
namespace fs = std::filesystem;

namespace {

constexpr const char* layout =
    "a folder as Optimum exports it: text_encoder, unet and vae_decoder with model.onnx, tokenizer with vocab.json and "
    "merges.txt, scheduler with scheduler_config.json";

void require_file(const fs::path& file, const std::string& meaning) {
  std::error_code ignored;
  nf::require(fs::is_regular_file(file, ignored), file.string(), {"there is no such file: ", meaning}, layout);
}

// An empty object where there is no such file.
nlohmann::json read_where_there(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return nlohmann::json::object();
  nlohmann::json content = nf::read_python_json(file);
  nf::require(content.is_object(), file.string(), nf::fields::shown(content), "an object");
  return content;
}

// The reader's errors with the name of the file before the pointer.
template <class Read>
void read_file(const fs::path& file, const Read& read) {
  const nlohmann::json content = read_where_there(file);
  try {
    read(nf::fields{content, ""});
  } catch (const nf::error& e) {
    throw nf::error{file.string() + ": " + e.where(), e.problem(), e.allowed()};
  }
}

}  // namespace

model_folder::model_folder(const fs::path& folder) : root{folder} {
  std::error_code ignored;
  nf::require(fs::is_directory(root, ignored), root.string(),
              fs::exists(root, ignored) ? "is no folder" : "there is no such folder", layout);
  const bool transformer = fs::exists(root / "transformer", ignored),
             text_3 = fs::exists(root / "text_encoder_3", ignored);
  nf::require(
      !transformer && !text_3, root.string(),
      {"holds ", transformer ? "transformer" : "text_encoder_3", ", as SD3 and FLUX do"},
      "Stable Diffusion 1.x, 2.x or SDXL, with unet (examples/stable_diffusion/README.md says what is missing)");

  require_file(network("unet"), "the network that predicts noise");
  xl = fs::exists(root / "text_encoder_2", ignored);
  nf::require(!xl || fs::exists(root / "text_encoder", ignored), root.string(),
              "holds text_encoder_2 and no text_encoder, as the refiner of SDXL does", "a base model");
  for (const char* number : {"", "_2"}) {
    if (*number != 0 && !xl) continue;
    require_file(root / ("text_encoder" + std::string{number}) / "model.onnx", "the text encoder");
    for (const char* file : {"vocab.json", "merges.txt"})
      require_file(root / ("tokenizer" + std::string{number}) / file, "a file of the tokenizer");
  }
  require_file(network("vae_decoder"), "the decoder of latents");
  const fs::path process = root / "scheduler" / "scheduler_config.json";
  require_file(process, "the noise schedule that the model was trained on");
  has_encoder = fs::is_regular_file(network("vae_encoder"), ignored);

  scheduler = nf::read_python_json(process);
  nf::require(scheduler.is_object(), process.string(), nf::fields::shown(scheduler), "an object");

  constexpr std::int64_t most = 1 << 20;
  read_file(root / "vae_decoder" / "config.json", [&](const nf::fields& said) {
    latent_channels = static_cast<std::size_t>(said.integer("latent_channels", 4, 1, most));
    scaling.assign(latent_channels, said.number("scaling_factor", xl ? 0.13025 : 0.18215, nf::positive));
    shift.assign(latent_channels, said.number("shift_factor", 0, nf::finite_number));
    // Each channel's own, of models such as Playground 2.5.
    const auto means = said.numbers("latents_mean", nf::finite_number),
               deviations = said.numbers("latents_std", nf::positive);
    for (const char* name : {"latents_mean", "latents_std"})
      if (means.has_value() != deviations.has_value() || (means && said.value(name).size() != latent_channels))
        said.refuse(name,
                    "latents_mean and latents_std of " + std::to_string(latent_channels) + " channels, or neither");
    for (std::size_t c = 0; means && c < latent_channels; ++c) {
      shift[c] += (*means)[c];
      scaling[c] /= (*deviations)[c];
    }
    if (const auto widths = said.numbers("block_out_channels")) {
      if (widths->empty() || widths->size() > 8) said.refuse("block_out_channels", "1 to 8 numbers");
      pixels = std::size_t{1} << (widths->size() - 1);
    }
  });
  read_file(root / "unet" / "config.json", [&](const nf::fields& said) {
    unet_channels =
        static_cast<std::size_t>(said.integer("in_channels", static_cast<std::int64_t>(latent_channels), 1, most));
    guidance_width = static_cast<std::size_t>(said.integer("time_cond_proj_dim", 0, 4, most));
    const std::int64_t size = xl ? 128 : 64;
    default_size =
        pixels * static_cast<std::size_t>(said.has("sample_size") && !said.value("sample_size").is_number_integer()
                                              ? size
                                              : said.integer("sample_size", size, 1, most));
  });
  nf::require(unet_channels == latent_channels || is_inpainting(), (root / "unet" / "config.json").string(),
              {"in_channels: ", unet_channels},
              {latent_channels, ", those of the latents, or ", 2 * latent_channels + 1, ", of a model for inpainting"});
  read_file(root / "model_index.json",
            [&](const nf::fields& said) { zeros_for_no_negative = said.boolean("force_zeros_for_empty_prompt", xl); });
}

}  // namespace stable_diffusion
