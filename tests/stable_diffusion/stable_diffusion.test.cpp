// The whole of examples/stable_diffusion on miniature models, against a run of the same models in Python
// (examples/stable_diffusion/record.py), and what it promises of seeds, batches, images, masks and embedded jobs.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/json_reader.hpp>
#include <noisefall/config/search/trajectory_files.hpp>
#include <noisefall/schedule/scaled_linear.hpp>

#include "../../examples/stable_diffusion/job.hpp"
#include "../../examples/stable_diffusion/pipeline.hpp"
#include "../../examples/support/png_file.hpp"
#include "catch.hpp"
#include "message_of.hpp"

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

namespace {

const std::filesystem::path data = NOISEFALL_EXAMPLES_DATA;
const std::filesystem::path record = NOISEFALL_SD_RECORD;

// What a job makes: latents after each step (of the first batch), and at the end of each picture.
struct drawing {
  stable_diffusion::job_result result;
  std::vector<std::vector<float>> steps, ends;
  std::vector<nf::picture> pictures, previews;
  std::vector<std::string> notes;
};

stable_diffusion::job job_of(const json& fields) {
  json job = fields;
  if (!job.contains("model")) job["model"] = "miniature_sd";
  job["model"] = (data / job["model"].get<std::string>()).string();
  job["threads"] = 1;
  return stable_diffusion::make_job(job, record);
}

drawing draw(const stable_diffusion::job& job, stable_diffusion::watchers who = {}) {
  drawing made;
  stable_diffusion::pipeline model{job};
  who.latents = [&](std::size_t, std::size_t first, nf::view<float> x) {
    if (first == job.first_sample) made.steps.emplace_back(x.data(), x.data() + x.size());
  };
  who.picture = [&](std::size_t, nf::view<float> x, const nf::picture& image) {
    made.ends.emplace_back(x.data(), x.data() + x.size());
    made.pictures.push_back(image);
  };
  who.preview = [&](std::size_t, std::size_t, const nf::picture& preview) { made.previews.push_back(preview); };
  made.result = model.draw(job, who, made.notes);
  return made;
}
drawing draw(const json& fields) { return draw(job_of(fields)); }

json least(const json& more = json::object()) {
  json job{{"prompt", "a fox in the snow"}, {"steps", 3}, {"seed", 5}};
  job.update(more);
  return job;
}

std::string refused(const json& fields) {
  return message_of([&] { draw(fields); });
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return largest;
}
int largest_difference(const nf::picture& a, const nf::picture& b) {
  REQUIRE(a.width == b.width);
  REQUIRE(a.pixels.size() == b.pixels.size());
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

// A copy of a model's folder, for changes.
std::filesystem::path copied(const std::string& model, const std::string& name) {
  const auto to = std::filesystem::temp_directory_path() / ("noisefall_sd_" + name);
  std::filesystem::remove_all(to);
  std::filesystem::copy(data / model, to, std::filesystem::copy_options::recursive);
  return to;
}
std::string refused_of(const std::filesystem::path& folder, json fields = least()) {
  fields["model"] = folder.string();
  return message_of([&] { draw(stable_diffusion::make_job(fields, record)); });
}

}  // namespace

TEST_CASE("Tokens, the latents after each step and the picture are those of Python", "[stable_diffusion]") {
  const json runs = nf::read_json(record / "record.json")["runs"];
  REQUIRE(runs.size() == 11);
  for (const json& run : runs) {
    const std::string name = run["name"].get<std::string>();
    INFO(name);
    json fields = run["job"];
    if (fields["model"] == "miniature_sd2") {
      const auto folder = copied("miniature_sd", name);
      std::ofstream{folder / "tokenizer/special_tokens_map.json"} << R"({"pad_token": "!"})";
      fields["model"] = folder.string();
    }
    if (name == "distilled" || name == "inpainting_model") {
      const auto folder = copied("miniature_sd", name);
      std::filesystem::remove_all(folder / "unet");
      std::filesystem::rename(folder / (name == "distilled" ? "unet_distilled" : "unet_inpainting"), folder / "unet");
      fields["model"] = folder.string();
    }
    if (name == "distilled") {
      const json described = job_of(fields).described;
      CHECK(described["guidance_scale"] == 8);
      CHECK(stable_diffusion::make_job(described, "").described == described);
      json other = fields;
      other.erase("guidance_scale");
      other["guidance"] = "apg";
      CHECK(refused(other) == "/guidance: the model is distilled, and guides itself; allowed: guidance_scale alone");
    }
    if (name == "inpainting_model") {
      json without = fields;
      for (const char* field : {"image", "mask"}) without.erase(field);
      CHECK(refused(without) ==
            "/mask: missing, and the model is one for inpainting alone; allowed: an image and a mask");
    }
    const stable_diffusion::job job = job_of(fields);
    const stable_diffusion::clip_tokenizer tokenizer{job.folder.root / "tokenizer"};
    CHECK(tokenizer(job.prompts[0]).ids == run["ids"].get<std::vector<std::int32_t>>());
    const drawing made = draw(job);
    CHECK(made.result.how == nf::outcome::finished);
    REQUIRE(made.steps.size() == run["latents"].size());
    // XL is fed in 16 bits: what lies between two of those may be rounded either way.
    const double tolerance = job.folder.xl ? 5e-3 : 1e-4;
    for (std::size_t i = 0; i < made.steps.size(); ++i) {
      INFO("step " << i);
      CHECK(largest_difference(made.steps[i], run["latents"][i].get<std::vector<float>>()) < tolerance);
    }
    CHECK(largest_difference(made.pictures.at(0), examples::read_png(record / (name + ".png"))) <= 1);
  }
}

TEST_CASE("A picture of a batch, of a later sample or of branches called one by one is the picture drawn alone",
          "[stable_diffusion]") {
  for (const char* model : {"miniature_sd", "miniature_sdxl"}) {
    INFO(model);
    // In 16 bits, sums of networks over other batches may round otherwise.
    const double tolerance = std::string{model} == "miniature_sd" ? 1e-5 : 5e-3;
    const json fields = least({{"model", model}, {"prompt", {"a fox in the snow", "a city at night"}}, {"count", 3}});
    const drawing together = draw([&] {
      json job = fields;
      job["batch"] = 3;
      return job;
    }());
    const drawing apart = draw(fields);
    REQUIRE(together.ends.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(largest_difference(together.ends[i], apart.ends[i]) < tolerance);
    CHECK(largest_difference(apart.ends[0], apart.ends[1]) > 0.1);
    CHECK(largest_difference(apart.ends[0], apart.ends[2]) > 0.1);

    json later = fields;
    later.update({{"first_sample", 1}, {"count", 1}, {"branches", "one_by_one"}});
    CHECK(largest_difference(draw(later).ends[0], apart.ends[1]) < tolerance);
  }
}

TEST_CASE("A seed repeats its bits, and another one draws another picture", "[stable_diffusion]") {
  for (const char* noise : {"philox", "torch"}) {
    INFO(noise);
    const drawing first = draw(least({{"noise", noise}})), again = draw(least({{"noise", noise}}));
    CHECK(first.ends == again.ends);
    const drawing second = draw(least({{"noise", noise}, {"seed", 6}}));
    CHECK(largest_difference(first.ends[0], second.ends[0]) > 0.1);
  }
  // A generator for each picture: the second one of seed 5 is the first one of seed 6.
  const drawing two = draw(least({{"noise", "torch"}, {"count", 2}}));
  CHECK(two.ends[1] == draw(least({{"noise", "torch"}, {"seed", 6}})).ends[0]);
}

TEST_CASE("Every solver takes the model's schedule, and its times where the network takes whole ones",
          "[stable_diffusion]") {
  const json euler = least({{"solver", "ddim"}, {"trajectory", {{"name", "trailing"}, {"steps", 3}}}});
  json fields = euler;
  fields.erase("steps");
  const stable_diffusion::job job = job_of(fields);
  CHECK(job.sampler.described["schedule"]["name"] == "scaled_linear");
  CHECK(job.sampler.described["schedule"]["beta_end"] == 0.012);
  CHECK(job.sampler.described["parameterisation"]["name"] == "predicts_eps");
  CHECK(job.sampler.described["guidance"]["weight"] == 6.5);
  CHECK(draw(job).notes.empty());
  // A spacing that wants a number of steps has the usual one where nothing says another.
  json unsaid = fields;
  unsaid["trajectory"] = "karras";
  CHECK(job_of(unsaid).sampler.policy.steps() == 30);
  for (const char* solver : {"dpm_pp_2m", "unipc", "heun", "euler_ancestral", "dpmpp_2m_sde"}) {
    INFO(solver);
    const drawing made = draw(least({{"solver", solver}, {"trajectory", "karras"}, {"guidance_scale", 2}}));
    CHECK(made.result.how == nf::outcome::finished);
    REQUIRE(made.notes.size() == 1);
    CHECK_THAT(made.notes[0], ContainsSubstring("takes whole times"));
  }
}

TEST_CASE("What a search found is a trajectory, and brings its solver", "[stable_diffusion]") {
  const nf::scaled_linear schedule;
  std::vector<nf::leg> legs;
  nf::noise_level from = schedule.at(980);
  for (const double t : {500.0, 200.0, 20.0}) {
    legs.push_back({from, schedule.at(t)});
    from = legs.back().to;
  }
  const json plain =
      stable_diffusion::make_sampler({{"solver", "dpm_pp_2m"}}, job_of(least()).folder.scheduler, "").described;
  const nf::found_trajectory found{
      {legs, nf::trajectory_kind::descending}, plain["solver"], plain["schedule"], plain["parameterisation"]};
  const auto file = std::filesystem::temp_directory_path() / "noisefall_sd_found.json";
  std::ofstream{file} << json_of(found);
  json fields = least({{"trajectory", {{"file", file.string()}}}});
  fields.erase("steps");
  const stable_diffusion::job job = job_of(fields);
  CHECK(job.sampler.warnings.empty());
  REQUIRE(job.sampler.policy.steps() == 3);
  CHECK(job.sampler.policy.path()[1].to == legs[1].to);
  CHECK(job.sampler.policy.parts().solver_name() == "dpm_pp_2m");
  CHECK(stable_diffusion::make_job(job.described, "").sampler.policy.path()[2].to == legs[2].to);
  CHECK(draw(job).result.steps == 3);
}

TEST_CASE("A guidance weighs further prompts, and one with too few is refused", "[stable_diffusion]") {
  const json composed{{"name", "composition"}, {"weight", 2}, {"further", {-0.5}}};
  const drawing plain = draw(least({{"guidance", {{"name", "classifier_free"}, {"weight", 2}}}}));
  const drawing without = draw(least({{"guidance", composed}, {"further_prompts", {"red"}}}));
  CHECK(largest_difference(plain.ends[0], without.ends[0]) > 1e-3);
  CHECK(without.result.evaluations * 2 == plain.result.evaluations * 3);
  CHECK(refused(least({{"guidance", composed}})) ==
        "/further_prompts: 0 prompts, and composition weighs more; allowed: 1 or more: one for each weight beside the "
        "prompt and the negative one");
  CHECK_THAT(refused(least({{"guidance", "autoguidance"}})), ContainsSubstring("/guidance: autoguidance compares"));
}

TEST_CASE("From an image, the strength says how many of the steps are run", "[stable_diffusion]") {
  const json fields = least({{"image", "start.png"}, {"scheduler", "DDIMScheduler"}, {"steps", 10}});
  json weak = fields, strong = fields;
  weak["strength"] = 0.2;
  strong["strength"] = 0.9;
  const stable_diffusion::job job = job_of(weak);
  CHECK(job.width == 64);
  CHECK(job.height == 48);
  const drawing little = draw(job), much = draw(strong);
  CHECK(little.result.steps == 2);
  CHECK(much.result.steps == 9);
  stable_diffusion::pipeline model{job};
  const auto image = model.images().encode(examples::read_png(record / "start.png"));
  CHECK(largest_difference(little.ends[0], image) < largest_difference(much.ends[0], image));
}

TEST_CASE("With a mask, all of the steps begin from noise alone, and fewer from the image", "[stable_diffusion]") {
  json fields = least({{"image", "start.png"}, {"mask", "mask.png"}, {"scheduler", "DDIMScheduler"}});
  const drawing unsaid = draw(fields);
  fields["strength"] = 1;
  CHECK(draw(fields).ends == unsaid.ends);
  fields["strength"] = 0.7;
  CHECK(largest_difference(draw(fields).ends[0], unsaid.ends[0]) > 1e-3);
}

TEST_CASE("A mask in colours is as bright as they are", "[stable_diffusion]") {
  const auto folder = std::filesystem::temp_directory_path();
  nf::picture red{64, 48, 3, std::vector<std::uint8_t>(std::size_t{64} * 48 * 3)}, grey = red;
  for (std::size_t i = 0; i < red.pixels.size(); i += 3)
    if (i / 3 % 64 >= 32) {
      red.pixels[i] = 255;
      for (std::size_t c = 0; c < 3; ++c) grey.pixels[i + c] = 76;
    }
  std::vector<drawing> made;
  for (const auto& [name, mask] : {std::pair{"red", red}, std::pair{"grey", grey}}) {
    const auto file = folder / ("noisefall_sd_mask_" + std::string{name} + ".png");
    nf::write_png(file, mask);
    made.push_back(draw(least({{"image", "start.png"}, {"mask", file.string()}, {"keep_pixels", true}})));
  }
  CHECK(made[0].ends == made[1].ends);
  CHECK(made[0].pictures[0].pixels == made[1].pictures[0].pixels);
}

TEST_CASE("Latents whose channels have means and deviations of their own are what the U-Net sees of them",
          "[stable_diffusion]") {
  const auto folder = copied("miniature_sd", "channels_of_their_own");
  json config = nf::read_json(folder / "vae_decoder/config.json");
  const std::vector<double> means{0.5, -1, 0, 2}, deviations{2, 4, 0.5, 1};
  config.update({{"latents_mean", means}, {"latents_std", deviations}});
  const auto drawn_by = [&](const json& said) {
    std::ofstream{folder / "vae_decoder/config.json"} << said;
    json fields = least();
    fields["model"] = folder.string();
    return stable_diffusion::make_job(fields, record);
  };
  const nf::picture start = examples::read_png(record / "start.png");
  stable_diffusion::pipeline own{drawn_by(config)}, plain{job_of(least())};
  const std::vector<float> seen = own.images().encode(start), usual = plain.images().encode(start);
  std::vector<float> expected(usual.size());
  const double scaling = config["scaling_factor"].get<double>();
  for (std::size_t i = 0; i < usual.size(); ++i)
    expected[i] = static_cast<float>((static_cast<double>(usual[i]) - means[i / 48] * scaling) / deviations[i / 48]);
  CHECK(largest_difference(seen, expected) < 1e-5);
  const nf::shape extents{1, 4, 6, 8};
  CHECK(largest_difference(own.images().decode({seen.data(), extents}),
                           plain.images().decode({usual.data(), extents})) <= 1);

  config["latents_std"] = {1, 2};
  CHECK_THAT(
      message_of([&] { drawn_by(config); }),
      ContainsSubstring("vae_decoder/config.json: /latents_std: [1,2]; allowed: latents_mean and latents_std of 4"));
  config.erase("latents_std");
  CHECK_THAT(message_of([&] { drawn_by(config); }), ContainsSubstring("vae_decoder/config.json: /latents_"));
}

TEST_CASE("Where the mask is black, latents end as those of the image, and its pixels can be put back",
          "[stable_diffusion]") {
  const nf::picture start = examples::read_png(record / "start.png"), mask = examples::read_png(record / "mask.png");
  json fields = least({{"image", "start.png"}, {"mask", "mask.png"}, {"solver", "dpm_pp_2m"}, {"steps", 5}});
  const stable_diffusion::job job = job_of(fields);
  const drawing made = draw(job);
  stable_diffusion::pipeline model{job};
  const std::vector<float> image = model.images().encode(start);
  std::size_t held = 0;
  double apart = 0;
  for (std::size_t c = 0; c < 4; ++c)
    for (std::size_t y = 0; y < 6; ++y)
      for (std::size_t x = 0; x < 8; ++x) {
        const std::size_t i = (c * 6 + y) * 8 + x;
        if (x < 4 && y != 1 && y != 2) {  // columns of black pixels alone, outside the grey stripe
          CHECK(made.ends[0][i] == image[i]);
          ++held;
        } else if (x >= 5) {
          apart = std::max(apart, std::abs(static_cast<double>(made.ends[0][i]) - static_cast<double>(image[i])));
        }
      }
  CHECK(held == 64);
  CHECK(apart > 0.1);

  fields["keep_pixels"] = true;
  const nf::picture kept = draw(fields).pictures[0];
  std::size_t same = 0, black = 0;
  for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
    if (mask.pixels[i] != 0) continue;
    ++black;
    same += std::equal(&kept.pixels[3 * i], &kept.pixels[3 * i] + 3, &start.pixels[3 * i]) ? 1 : 0;
  }
  CHECK(black > 1000);
  CHECK(same == black);
}

TEST_CASE("A picture holds the job that draws it again, bit for bit", "[stable_diffusion]") {
  const auto file = std::filesystem::temp_directory_path() / "noisefall_sd_embedded.png";
  const std::vector<json> jobs{
      least({{"prompt", {"a caf\xC3\xA9", "a fox"}}, {"count", 2}, {"negative_prompt", "blurry"}}),
      least({{"solver", "dpmpp_2m_sde"}, {"trajectory", "karras"}, {"count", 2}}),
      least({{"image", "start.png"}, {"mask", "mask.png"}, {"strength", 0.7}, {"count", 2}, {"noise", "torch"}}),
      least(
          {{"model", "miniature_sdxl"}, {"count", 2}, {"crop", {0, 8}}, {"scheduler", {{"use_karras_sigmas", true}}}})};
  for (const json& fields : jobs) {
    INFO(fields.dump());
    const stable_diffusion::job job = job_of(fields);
    CHECK(stable_diffusion::make_job(job.described, "/").described == job.described);
    const drawing first = draw(job);
    examples::write_png_with_text(file, first.pictures.at(1), stable_diffusion::embedded_job, job.of_picture(1).dump());
    CHECK(largest_difference(examples::read_png(file), first.pictures[1]) == 0);
    const drawing again = draw(stable_diffusion::make_job(stable_diffusion::read_job_file(file), "/"));
    CHECK(again.pictures.size() == 1);
    CHECK(again.ends.at(0) == first.ends[1]);
    CHECK(again.pictures.at(0).pixels == first.pictures[1].pixels);
  }
  CHECK(message_of([&] { stable_diffusion::read_job_file(record / "start.png"); }) ==
        (record / "start.png").string() +
            ": holds no job; allowed: a picture that stable_diffusion drew, or a job in JSON");
}

TEST_CASE("Previews show the batch, and a run that is asked to finish ends clean", "[stable_diffusion]") {
  const drawing made =
      draw(least({{"count", 2}, {"batch", 2}, {"steps", 6}, {"previews", 2}, {"scheduler", "DDIMScheduler"}}));
  REQUIRE(made.previews.size() == 3);
  CHECK(made.previews[0].width == 128);
  CHECK(made.previews[0].height == 64);

  std::size_t asked = 0;
  stable_diffusion::watchers who;
  who.go_on = [&] { return ++asked == 2 ? nf::verdict::finish : nf::verdict::go_on; };
  const drawing hurried = draw(job_of(least({{"count", 2}, {"steps", 6}, {"scheduler", "DDIMScheduler"}})), who);
  CHECK(hurried.result.how == nf::outcome::shortened);
  CHECK(hurried.result.steps == 3);
  CHECK(hurried.pictures.size() == 1);
}

TEST_CASE("A cut prompt is told, and draws what its beginning draws", "[stable_diffusion]") {
  std::string text;
  for (int i = 0; i < 75; ++i) text += "7 ";
  const drawing cut = draw(least({{"prompt", text + "fox"}, {"long_prompt", "cut"}}));
  REQUIRE(cut.notes.size() == 1);
  CHECK_THAT(cut.notes[0], ContainsSubstring("/prompt: ") && ContainsSubstring("tokens are cut: \"fox\""));
  CHECK(cut.ends == draw(least({{"prompt", text}})).ends);
  CHECK_THAT(refused(least({{"prompt", text + "fox"}})),
             ContainsSubstring("/prompt: ") && ContainsSubstring("\"fox\""));
}

TEST_CASE("A wrong folder, a missing file or a wrong shape is told by name", "[stable_diffusion]") {
  CHECK_THAT(refused_of("/none"), ContainsSubstring("/none: there is no such folder; allowed: a folder as Optimum"));
  const std::map<std::string, std::string> meanings{{"unet/model.onnx", "the network that predicts noise"},
                                                    {"text_encoder/model.onnx", "the text encoder"},
                                                    {"vae_decoder/model.onnx", "the decoder of latents"},
                                                    {"tokenizer/vocab.json", "a file of the tokenizer"},
                                                    {"tokenizer/merges.txt", "a file of the tokenizer"},
                                                    {"scheduler/scheduler_config.json", "the noise schedule"}};
  for (const auto& [file, meaning] : meanings) {
    const auto folder = copied("miniature_sd", "missing");
    std::filesystem::remove(folder / file);
    CHECK_THAT(refused_of(folder), ContainsSubstring((folder / file).string() + ": there is no such file: " + meaning));
  }
  auto folder = copied("miniature_sdxl", "missing_xl");
  std::filesystem::remove(folder / "text_encoder_2/model.onnx");
  CHECK_THAT(refused_of(folder), ContainsSubstring("text_encoder_2/model.onnx: there is no such file"));
  folder = copied("miniature_sd", "flux");
  std::filesystem::create_directory(folder / "transformer");
  CHECK_THAT(refused_of(folder), ContainsSubstring("holds transformer, as SD3 and FLUX do"));
  folder = copied("miniature_sd", "no_encoder");
  std::filesystem::remove_all(folder / "vae_encoder");
  CHECK_THAT(refused_of(folder, least({{"image", "start.png"}, {"strength", 0.5}})),
             ContainsSubstring("image: the model's folder holds no vae_encoder/model.onnx"));

  folder = copied("miniature_sd", "damaged");
  std::ofstream{folder / "unet/model.onnx"} << "no network";
  CHECK_THAT(refused_of(folder), ContainsSubstring("unet/model.onnx: ") && ContainsSubstring("an ONNX file"));
  folder = copied("miniature_sd", "text_of_another");
  std::filesystem::copy_file(data / "miniature_sdxl/unet/model.onnx", folder / "unet/model.onnx",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK_THAT(refused_of(folder),
             ContainsSubstring("unet/model.onnx: takes 'text_embeds', as SDXL does; allowed: a folder with"));
  folder = copied("miniature_sdxl", "one_encoder");
  for (const char* part : {"text_encoder_2", "tokenizer_2"}) std::filesystem::remove_all(folder / part);
  std::filesystem::copy_file(data / "miniature_sd/unet/model.onnx", folder / "unet/model.onnx",
                             std::filesystem::copy_options::overwrite_existing);
  for (const char* part : {"text_encoder", "tokenizer"}) std::filesystem::remove_all(folder / part);
  std::filesystem::copy(data / "miniature_sdxl/text_encoder_2", folder / "text_encoder");
  std::filesystem::copy(data / "miniature_sdxl/tokenizer", folder / "tokenizer");
  CHECK_THAT(refused_of(folder),
             ContainsSubstring("'encoder_hidden_states'") && ContainsSubstring("shape [1, 77, 24]"));
  folder = copied("miniature_sd", "channels");
  std::ofstream{folder / "unet/config.json"} << R"({"in_channels": 5})";
  CHECK_THAT(refused_of(folder),
             ContainsSubstring("unet/config.json: in_channels: 5; allowed: 4, those of the latents"));
  folder = copied("miniature_sd", "scale");
  std::ofstream{folder / "vae_decoder/config.json"} << R"({"block_out_channels": [8, 8, 8]})";
  CHECK_THAT(refused_of(folder), ContainsSubstring("gives 'sample' of shape [1, 3, "));
  folder = copied("miniature_sd", "scheduler");
  std::ofstream{folder / "scheduler/scheduler_config.json"} << R"({"_class_name": "DDIMScheduler", "beta_start": 2})";
  CHECK_THAT(refused_of(folder), ContainsSubstring("scheduler/scheduler_config.json: /beta_start: 2"));
}

TEST_CASE("What is wrong in a job is told by its place", "[stable_diffusion]") {
  CHECK_THAT(refused(least({{"promt", 1}})),
             ContainsSubstring("/promt: unknown name; allowed: noisefall, model, prompt"));
  CHECK_THAT(refused(json{{"seed", 1}}), ContainsSubstring("/prompt: missing; allowed: a text, or a list of texts"));
  CHECK(refused(least({{"prompt", {"a", 2}}})) == "/prompt/1: 2; allowed: a text");
  CHECK(refused(least({{"image", "\xFF.png"}, {"strength", 1}})) ==
        "/image: byte " + std::to_string(record.string().size() + 1) + " is none of UTF-8; allowed: text in UTF-8");
  CHECK(refused(least({{"width", 100}})) == "/width: 100 pixels; allowed: multiples of 8");
  CHECK_THAT(refused(least({{"strength", 0.5}})), ContainsSubstring("/strength: stands without an image"));
  CHECK_THAT(refused(least({{"image", "start.png"}})), ContainsSubstring("/strength: missing"));
  CHECK_THAT(refused(least({{"image", "start.png"}, {"strength", 0.1}})),
             ContainsSubstring("/strength: ") && ContainsSubstring("leaves none"));
  CHECK_THAT(refused(least({{"image", "start.png"}, {"strength", 0.5}, {"width", 128}})),
             ContainsSubstring("start.png: 64x48 pixels; allowed: 128x48"));
  CHECK_THAT(refused(least({{"image", "none.png"}, {"strength", 0.5}})),
             ContainsSubstring("none.png: there is no such file"));
  CHECK_THAT(refused(least({{"guidance", {{"name", "classifier_free"}, {"weight", {{"windw", {{"w1", 2}}}}}}}})),
             ContainsSubstring("/guidance/weight/windw: unknown name"));
  CHECK_THAT(refused(least({{"guidance", "apg"}, {"guidance_scale", 3}})),
             ContainsSubstring("/guidance_scale: stands beside guidance"));
  CHECK(refused(least({{"guidance_scale", 0}})) ==
        "/guidance_scale: 0; allowed: 1, for none, or more (weights below 0 are a \"guidance\")");
  CHECK_THAT(refused(least({{"scheduler", "DDIMSheduler"}})), ContainsSubstring("DDIMSheduler"));
  CHECK_THAT(refused(least({{"scheduler", "DDIMScheduler"}, {"solver", "ddim"}})),
             ContainsSubstring("/scheduler: stands beside policies of the library"));
  CHECK_THAT(refused(least({{"trajectory", "karras"}})), ContainsSubstring("/solver: missing"));
  CHECK_THAT(refused(least({{"batch", 2}, {"count", 2}, {"noise", "torch"}})), ContainsSubstring("/batch: 2 pictures"));
  CHECK_THAT(refused(least({{"crop", {0, 0}}})), ContainsSubstring("/crop: is for SDXL"));
  CHECK(refused(least({{"model", "miniature_sdxl"}, {"crop", {0, 0.5}}})) ==
        "/crop: [0,0.5]; allowed: two whole numbers of pixels");
  CHECK_THAT(refused(least({{"scheduler", {{"_class_name", 3}}}})), ContainsSubstring("/scheduler/_class_name: 3"));
  CHECK_THAT(refused(least({{"seed", -1}})), ContainsSubstring("/seed: -1"));
  CHECK_THAT(refused(least({{"guidance", {{"name", "classifier_guidance"}, {"weight", 1}}}})),
             ContainsSubstring("/guidance: classifier_guidance needs a gradient"));
}
