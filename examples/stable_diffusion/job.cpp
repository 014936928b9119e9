#include "job.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string_view>
#include <utility>

#include <noisefall/config/fields.hpp>
#include <noisefall/config/json_reader.hpp>
#include <noisefall/config/native/field_values.hpp>
#include <noisefall/core/error.hpp>

#include "../support/png_file.hpp"
#include "unicode.hpp"

namespace stable_diffusion {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

std::vector<std::string> texts(const nf::fields& from, const char* name) {
  if (!from.has(name)) return {};
  const json& given = from.value(name);
  if (given.is_string()) return {given.get<std::string>()};
  if (!given.is_array() || given.empty()) from.refuse(name, "a text, or a list of texts");
  std::vector<std::string> result;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!given[i].is_string())
      throw nf::error{from.at(name) + "/" + std::to_string(i), nf::fields::shown(given[i]), "a text"};
    result.push_back(given[i].get<std::string>());
  }
  return result;
}

json as_given(const std::vector<std::string>& texts) { return texts.size() == 1 ? json(texts[0]) : json(texts); }

fs::path path(const nf::fields& from, const char* name, const fs::path& beside) {
  if (!from.has(name)) return {};
  const json& given = from.value(name);
  if (!given.is_string() || given.get_ref<const std::string&>().empty()) from.refuse(name, "a path");
  const fs::path whole = fs::absolute(beside / given.get<std::string>()).lexically_normal();
  code_points_of(whole.string(), from.at(name));  // the job is to be written into pictures
  return whole;
}

std::array<std::size_t, 2> pair(const nf::fields& from, const char* name, std::array<std::size_t, 2> otherwise) {
  const auto given = from.numbers(name, {.low = 0, .high = 65536, .text = "a number of pixels"});
  if (!given) return otherwise;
  if (given->size() != 2 || (*given)[0] != std::floor((*given)[0]) || (*given)[1] != std::floor((*given)[1]))
    from.refuse(name, "two whole numbers of pixels");
  return {static_cast<std::size_t>((*given)[0]), static_cast<std::size_t>((*given)[1])};
}

void check_names(const json& from) {
  constexpr std::string_view own[] = {
      "noisefall", "model",       "prompt",   "negative_prompt", "further_prompts", "long_prompt", "width",
      "height",    "seed",        "count",    "first_sample",    "batch",           "noise",       "image",
      "mask",      "keep_pixels", "branches", "threads",         "provider",        "previews",    "original_size",
      "crop",      "target_size"};
  std::vector<std::string_view> all{std::begin(own), std::end(own)};
  all.insert(all.end(), std::begin(sampler_fields), std::end(sampler_fields));
  for (const auto& item : from.items())
    if (std::find(all.begin(), all.end(), item.key()) == all.end())
      throw nf::error{"/" + item.key(), "unknown name", nf::listed(all)};
}

std::size_t extent(const nf::fields& from, const char* name, std::size_t otherwise, const model_folder& folder) {
  constexpr std::int64_t most = 16384;
  const auto value = static_cast<std::size_t>(from.integer(name, static_cast<std::int64_t>(otherwise), 1, most));
  if (value % folder.pixels != 0)
    from.refuse(name, std::to_string(value) + " pixels", "multiples of " + std::to_string(folder.pixels));
  return value;
}

}  // namespace

job make_job(const json& from, const fs::path& beside) {
  const nf::fields in{from, ""};
  nf::require(!in.has("noisefall") || in.value("noisefall") == 1, "/noisefall", "another form of jobs", "1");
  check_names(from);
  if (!in.has("model")) in.refuse("model", "the folder of a model");
  if (!in.has("prompt")) in.refuse("prompt", "a text, or a list of texts");
  model_folder folder{path(in, "model", beside)};

  job made{.folder = folder, .sampler = make_sampler(from, folder.scheduler, beside, folder.guidance_width > 0)};
  made.prompts = texts(in, "prompt");
  made.negatives = texts(in, "negative_prompt");
  made.further = texts(in, "further_prompts");
  made.too_long =
      in.choice("long_prompt", "refused", {"refused", "cut"}) == "cut" ? long_prompt::cut : long_prompt::refused;

  made.image = path(in, "image", beside);
  made.mask = path(in, "mask", beside);
  if (!in.has("image"))
    for (const char* name : {"mask", "strength", "keep_pixels"})
      if (in.has(name)) in.refuse(name, "stands without an image", "this and image, or neither");
  if (in.has("keep_pixels") && !in.has("mask"))
    in.refuse("keep_pixels", "stands without a mask", "this and mask, or neither");
  made.keep_pixels = in.boolean("keep_pixels", false);
  if (in.has("image") && !in.has("mask") && !in.has("strength"))
    in.refuse("strength", "how much of the steps is run, above 0 and up to 1, for an image without a mask");

  if (folder.is_inpainting() && !in.has("mask"))
    in.refuse("mask", "missing, and the model is one for inpainting alone", "an image and a mask");

  std::size_t width = folder.default_size, height = folder.default_size;
  if (in.has("image")) {
    const nf::picture image = examples::read_png(made.image);
    width = image.width;
    height = image.height;
  }
  made.width = extent(in, "width", width, folder);
  made.height = extent(in, "height", height, folder);

  constexpr std::int64_t most = 1'000'000;
  if (in.has("seed")) nf::read_value(in, "seed", made.seed);
  made.first_sample = static_cast<std::size_t>(in.integer("first_sample", 0, 0));
  made.count = static_cast<std::size_t>(in.integer("count", 1, 1, most));
  made.noise = in.choice("noise", "philox", {"philox", "torch"}) == "torch" ? noise_kind::torch : noise_kind::philox;
  made.batch = std::min(made.count, static_cast<std::size_t>(in.integer("batch", 1, 1, most)));
  if (made.noise == noise_kind::torch && made.batch > 1)
    in.refuse("batch", std::to_string(made.batch) + " pictures with torch's noise",
              "1: each has a generator of its own");
  made.one_by_one = in.choice("branches", "together", {"together", "one_by_one"}) == "one_by_one";
  made.threads = static_cast<std::size_t>(in.integer("threads", 0, 0, 1024));
  made.on_cuda = in.choice("provider", "cpu", {"cpu", "cuda"}) == "cuda";
  made.preview_every = static_cast<std::size_t>(in.integer("previews", 0, 0, most));

  for (const char* name : {"original_size", "crop", "target_size"})
    if (in.has(name) && !folder.xl) in.refuse(name, "is for SDXL", "none: the model is no SDXL");
  const auto original = pair(in, "original_size", {made.height, made.width});
  const auto crop = pair(in, "crop", {0, 0}), target = pair(in, "target_size", {made.height, made.width});
  std::size_t at = 0;
  for (const auto& two : {original, crop, target})
    for (const std::size_t one : two) made.sizes[at++] = static_cast<float>(one);

  made.described = made.sampler.described;
  made.described.update({{"noisefall", 1},
                         {"model", folder.root.string()},
                         {"prompt", as_given(made.prompts)},
                         {"long_prompt", made.too_long == long_prompt::cut ? "cut" : "refused"},
                         {"width", made.width},
                         {"height", made.height},
                         {"seed", made.seed},
                         {"first_sample", made.first_sample},
                         {"count", made.count},
                         {"batch", made.batch},
                         {"noise", made.noise == noise_kind::torch ? "torch" : "philox"},
                         {"branches", made.one_by_one ? "one_by_one" : "together"},
                         {"threads", made.threads},
                         {"provider", made.on_cuda ? "cuda" : "cpu"},
                         {"previews", made.preview_every}});
  if (!made.negatives.empty()) made.described["negative_prompt"] = as_given(made.negatives);
  if (!made.further.empty()) made.described["further_prompts"] = made.further;
  if (in.has("image")) made.described["image"] = made.image.string();
  if (in.has("mask")) {
    made.described["mask"] = made.mask.string();
    made.described["keep_pixels"] = made.keep_pixels;
  }
  if (folder.xl) {
    made.described["original_size"] = original;
    made.described["crop"] = crop;
    made.described["target_size"] = target;
  }
  return made;
}

json job::of_picture(std::size_t sample) const {
  json alone = described;
  const nf::policies& p = sampler.policy.parts();
  if (p.guidance.couples_batch() || (p.has_own_steps() && p.own_steps.couples_batch())) return alone;
  const auto chosen = [&](const char* name, const std::vector<std::string>& of) {
    if (of.size() > 1) alone[name] = of[sample % of.size()];
  };
  chosen("prompt", prompts);
  chosen("negative_prompt", negatives);
  alone["first_sample"] = sample;
  alone["count"] = 1;
  alone["batch"] = 1;
  alone["previews"] = 0;
  return alone;
}

json read_job_file(const fs::path& file) {
  if (file.extension() != ".png") return nf::read_json(file);
  const auto text = examples::read_png_text(file, embedded_job);
  nf::require(text.has_value(), file.string(), "holds no job",
              "a picture that stable_diffusion drew, or a job in JSON");
  return nf::parse_json(*text, file.string());
}

}  // namespace stable_diffusion
