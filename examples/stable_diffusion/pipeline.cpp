#include "pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <utility>

#include <noisefall/adapters/network_condition.hpp>
#include <noisefall/adapters/onnxruntime.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/random/torch_cpu.hpp>
#include <noisefall/sampler/progress_bar.hpp>

#include "../support/png_file.hpp"
#include "inpainting_unet.hpp"

namespace stable_diffusion {

namespace {

// 1000 (scale - 1) as sines and cosines, from the fastest to one 10000 times slower (Luo et al. 2023, arXiv:2310.04378, by
// the embedding of times).
std::vector<float> told_scale(const job& asked) {
  const std::size_t half = asked.folder.guidance_width / 2;
  std::vector<float> waves(asked.folder.guidance_width);
  for (std::size_t i = 0; i < half; ++i) {
    const double slower = std::pow(10000, -static_cast<double>(i) / static_cast<double>(half - 1));
    const double angle = 1000 * (asked.sampler.told_scale - 1) * slower;
    waves[i] = static_cast<float>(std::sin(angle));
    waves[half + i] = static_cast<float>(std::cos(angle));
  }
  return waves;
}

// The prompts of one branch as the condition of pictures first, first + 1, ...: one for all, or one each.
nf::network_condition condition_of(const std::vector<encoded_text>& texts, std::size_t first, std::size_t count,
                                   const job& asked) {
  const std::size_t rows = texts.size() == 1 ? 1 : count;
  std::vector<float> states, pooled;
  for (std::size_t i = 0; i < rows; ++i) {
    const encoded_text& text = texts[(first + i) % texts.size()];
    states.insert(states.end(), text.states.begin(), text.states.end());
    pooled.insert(pooled.end(), text.pooled.begin(), text.pooled.end());
  }
  const auto n = static_cast<std::int64_t>(rows);
  nf::network_condition condition;
  condition.add({"encoder_hidden_states",
                 std::move(states),
                 {n, static_cast<std::int64_t>(texts[0].length), static_cast<std::int64_t>(texts[0].width)}});
  if (asked.folder.xl) {
    const auto width = static_cast<std::int64_t>(texts[0].pooled.size());
    condition.add({"text_embeds", std::move(pooled), {n, width}});
    condition.add({"time_ids", std::vector<float>{asked.sizes.begin(), asked.sizes.end()}, {1, 6}});
  }
  if (asked.folder.guidance_width > 0)
    condition.add({"timestep_cond", told_scale(asked), {1, static_cast<std::int64_t>(asked.folder.guidance_width)}});
  return condition;
}

nf::network_options unet_options(Ort::Session& unet, const job& asked, std::vector<std::string>& notes) {
  nf::network_options options;
  options.branches = asked.one_by_one ? nf::branch_calls::one_by_one : nf::branch_calls::together;
  const nf::onnx_network declared{unet};
  for (const nf::array_info& info : declared.inputs()) {
    nf::require(info.name != "text_embeds" || asked.folder.xl, asked.folder.network("unet").string(),
                "takes 'text_embeds', as SDXL does", "a folder with text_encoder_2 and tokenizer_2 beside it");
    if (info.name != "timestep") continue;
    // Optimum declares one time for all, of an extent of its own.
    if (info.extents.size() == 1 && !info.symbols.empty() && info.symbols[0] == "steps")
      options.time_is = nf::time_shape::one;
    options.round_labels = !nf::is_floating(info.type);
    if (!options.round_labels) continue;
    const nf::trajectory& path = asked.sampler.policy.path();
    const bool whole = std::all_of(path.legs().begin(), path.legs().end(),
                                   [](const nf::leg& l) { return l.label == std::round(l.label); });
    if (!whole) notes.emplace_back("the U-Net takes whole times: those of the trajectory are rounded for it");
  }
  return options;
}

// How much of each latent is held: where none of its pixels is to be drawn anew, all of it.
std::vector<float> weights_of(const nf::picture& mask, const model_folder& folder) {
  const std::size_t size = folder.pixels, height = mask.height / size, width = mask.width / size;
  std::vector<float> plane(height * width, 1.0F);
  for (std::size_t y = 0; y < mask.height; ++y)
    for (std::size_t x = 0; x < mask.width; ++x) {
      const float anew = static_cast<float>(mask.pixels[y * mask.width + x]) / 255;
      float& kept = plane[y / size * width + x / size];
      kept = std::min(kept, 1 - anew);
    }
  std::vector<float> weights;
  for (std::size_t c = 0; c < folder.latent_channels; ++c) weights.insert(weights.end(), plane.begin(), plane.end());
  return weights;
}

// What a model for inpainting is fed beside the latents: the mask, 1 where the picture is drawn anew, at the first pixel of
// each latent, and the latents of the image with grey in its place.
std::vector<float> mask_and_image(autoencoder& images, const nf::picture& image, const nf::picture& mask,
                                  const model_folder& folder) {
  constexpr std::uint8_t half = 128;
  std::vector<float> beside;
  for (std::size_t y = 0; y < mask.height; y += folder.pixels)
    for (std::size_t x = 0; x < mask.width; x += folder.pixels)
      beside.push_back(mask.pixels[y * mask.width + x] >= half ? 1.0F : 0.0F);
  std::vector<float> values = autoencoder::values_of(image);
  const std::size_t area = mask.width * mask.height;
  for (std::size_t i = 0; i < area; ++i)
    if (mask.pixels[i] >= half)
      for (std::size_t c = 0; c < 3; ++c) values[c * area + i] = 0;
  const std::vector<float> latents = images.encode(values, image.width, image.height);
  beside.insert(beside.end(), latents.begin(), latents.end());
  return beside;
}

nf::picture read_picture(const std::filesystem::path& file, const job& asked) {
  nf::picture image = examples::read_png(file);
  nf::require(image.width == asked.width && image.height == asked.height, file.string(),
              {image.width, "x", image.height, " pixels"},
              {asked.width, "x", asked.height, ", as the picture to draw"});
  return image;
}

// Masks are as bright as their colours (luma of ITU-R BT.601).
nf::picture grey_of(const nf::picture& image) {
  if (image.channels == 1) return image;
  nf::picture grey{image.width, image.height, 1, {}};
  for (std::size_t i = 0; i < image.pixels.size(); i += 3)
    grey.pixels.push_back(static_cast<std::uint8_t>(
        (299 * image.pixels[i] + 587 * image.pixels[i + 1] + 114 * image.pixels[i + 2] + 500) / 1000));
  return grey;
}

// The kept part of the image over what was drawn.
void put_back(nf::picture& drawn, const nf::picture& image, const nf::picture& mask) {
  for (std::size_t i = 0; i < drawn.width * drawn.height; ++i) {
    const int anew = mask.pixels[i];
    for (std::size_t c = 0; c < 3; ++c) {
      const int was = image.pixels[i * image.channels + (image.channels == 3 ? c : 0)];
      std::uint8_t& now = drawn.pixels[3 * i + c];
      now = static_cast<std::uint8_t>((now * anew + was * (255 - anew) + 127) / 255);
    }
  }
}

// The pictures of a batch side by side.
nf::picture side_by_side(autoencoder& images, nf::view<float> latents) {
  nf::picture all;
  for (std::size_t i = 0; i < latents.samples(); ++i) {
    const nf::picture one = images.decode({latents.sample(i), latents.extents().with_samples(1)});
    nf::picture wider{all.width + one.width, one.height, 3, {}};
    for (std::size_t y = 0; y < one.height; ++y)
      for (const nf::picture* part : std::initializer_list<const nf::picture*>{&all, &one}) {
        const auto row = part->pixels.begin() + static_cast<std::ptrdiff_t>(3 * y * part->width);
        wider.pixels.insert(wider.pixels.end(), row, row + static_cast<std::ptrdiff_t>(3 * part->width));
      }
    all = std::move(wider);
  }
  return all;
}

// Hands what a run comes to to those who watch the job.
class job_observer {
 public:
  job_observer(const job& asked, const watchers& who, autoencoder& images, std::size_t first)
      : asked_{asked}, who_{who}, images_{images}, first_{first} {}

  template <class Report>
  nf::verdict operator()(const Report& report) {
    ++step_;
    const nf::shape extents = report.extents();
    if (who_.latents) who_.latents(step_, first_, copy(report, report.x(), extents));
    const std::size_t every = asked_.preview_every;
    if (every > 0 && who_.preview && step_ % every == 0)
      who_.preview(step_, first_, side_by_side(images_, copy(report, report.denoised(), extents)));
    return who_.go_on ? who_.go_on() : nf::verdict::go_on;
  }

 private:
  template <class Report, class View>
  nf::view<float> copy(const Report& report, const View& from, const nf::shape& extents) {
    copy_.resize(extents.size());
    report.copy(from, copy_);
    return {copy_.data(), extents};
  }

  const job& asked_;
  const watchers& who_;
  autoencoder& images_;
  std::size_t first_, step_ = 0;
  std::vector<float> copy_;
};

}  // namespace

/// The texts of each branch.
struct pipeline::prompts {
  std::vector<encoded_text> conditional, unconditional;
  std::vector<std::vector<encoded_text>> further;
};

pipeline::pipeline(const job& first)
    : runtime_{first.threads, first.on_cuda},
      text_{runtime_, first.folder},
      images_{runtime_, first.folder},
      unet_{runtime_.load(first.folder.network("unet"))} {}

pipeline::prompts pipeline::encode(const job& asked, std::vector<std::string>& notes) {
  const auto all = [&](const std::vector<std::string>& texts, const std::string& where) {
    std::vector<encoded_text> result;
    for (std::size_t i = 0; i < texts.size(); ++i)
      result.push_back(
          text_(texts[i], asked.too_long, texts.size() == 1 ? where : where + "/" + std::to_string(i), notes));
    return result;
  };
  prompts result;
  result.conditional = all(asked.prompts, "/prompt");
  if (!asked.negatives.empty())
    result.unconditional = all(asked.negatives, "/negative_prompt");
  else if (asked.folder.zeros_for_no_negative)
    result.unconditional = {text_.zeros()};
  else
    result.unconditional = all({""}, "/negative_prompt");
  for (std::size_t i = 0; i < asked.further.size(); ++i)
    result.further.push_back(all({asked.further[i]}, "/further_prompts/" + std::to_string(i)));
  return result;
}

job_result pipeline::draw(const job& asked, const watchers& who, std::vector<std::string>& notes) {
  const model_folder& folder = asked.folder;
  const nf::sampler& sample = asked.sampler.policy;
  const prompts texts = encode(asked, notes);

  const nf::shape one{1, folder.latent_channels, asked.height / folder.pixels, asked.width / folder.pixels};
  std::vector<float> image_latents, held, beside;
  nf::picture image, mask;
  if (!asked.image.empty()) {
    image = read_picture(asked.image, asked);
    image_latents = images_.encode(image);
  }
  if (!asked.mask.empty()) {
    mask = grey_of(read_picture(asked.mask, asked));
    if (folder.is_inpainting())
      beside = mask_and_image(images_, image, mask, folder);
    else
      held = weights_of(mask, folder);
  }
  inpainting_unet unet{nf::onnx_predictor<>{unet_, unet_options(unet_, asked, notes)}, std::move(beside)};
  // From the image itself where a strength says how far to go back; with a mask and all of the steps from noise alone.
  const bool from_image = !asked.image.empty() && asked.sampler.described.contains("strength") &&
                          (asked.mask.empty() || asked.sampler.described["strength"] < 1);

  const std::size_t batches = (asked.count + asked.batch - 1) / asked.batch;
  std::optional<decltype(nf::progress_bar{stderr, nf::progress_options{}})> bar;
  if (who.progress_bar)
    bar.emplace(stderr, nf::progress_options{.total = sample.parts().has_own_steps() ? 0 : batches * sample.steps()});

  job_result total;
  for (std::size_t done = 0; done < asked.count; done += asked.batch) {
    const std::size_t count = std::min(asked.batch, asked.count - done), first = asked.first_sample + done;
    const nf::shape extents = one.with_samples(count);
    const auto repeated = [&](const std::vector<float>& values) {
      nf::tensor<float> all{extents};
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = values[i % values.size()];
      return all;
    };
    nf::tensor<float> x{extents};
    std::vector<nf::network_condition> further;
    for (const auto& branch : texts.further) further.push_back(condition_of(branch, first, count, asked));
    const nf::run_options<nf::network_condition> options{
        .conditional = condition_of(texts.conditional, first, count, asked),
        .unconditional = condition_of(texts.unconditional, first, count, asked),
        .further = further};
    nf::run_settings settings{.seed = asked.seed, .first_sample = first};
    settings.keep_denoised = asked.preview_every > 0;
    settings.output_parts = asked.sampler.learned_variance ? 2 : 1;

    job_observer watch{asked, who, images_, first};
    const auto draw_with = [&](const auto& noise) {
      if (from_image) {
        x = repeated(image_latents);
        settings.start = nf::start_from::image;
      } else if (asked.sampler.initial_deviation > 0) {
        noise.fill(x.elements(), x.extents().sample_size(), nf::increment{.first_sample = settings.first_sample});
        for (float& z : x.elements()) z *= static_cast<float>(asked.sampler.initial_deviation);
        settings.start = nf::start_from::given;
      }
      auto run = sample.start(nf::mutable_view<float>{x}, settings, noise);
      nf::tensor<float> values, weights;
      if (!held.empty()) {
        values = repeated(image_latents);
        weights = repeated(held);
        run.hold({values, weights});
      }
      if (bar) return nf::finish(run, unet, options, nf::observers{*bar, watch});
      return nf::finish(run, unet, options, watch);
    };
    nf::run_result result;
    if (asked.noise == noise_kind::torch) {
      settings.first_sample = 0;
      result = draw_with(nf::torch_cpu{asked.seed + first});
    } else {
      result = draw_with(nf::philox{asked.seed});
    }
    total.steps = result.steps;
    total.evaluations = result.evaluations;
    if (result.how != nf::outcome::finished) total.how = result.how;
    if (result.how == nf::outcome::stopped) break;
    if (bar && done + count >= asked.count) bar->clear();
    for (std::size_t i = 0; i < count; ++i) {
      const nf::view<float> latents{x.data() + i * one.size(), one};
      nf::picture drawn = images_.decode(latents);
      if (asked.keep_pixels) put_back(drawn, image, mask);
      if (who.picture) who.picture(first + i, latents, drawn);
      ++total.pictures;
    }
    if (result.how != nf::outcome::finished) break;
  }
  return total;
}

}  // namespace stable_diffusion
