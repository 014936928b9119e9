// Text to image with Stable Diffusion 1.x, 2.x or SDXL, from a folder as Optimum exports it; stable_diffusion/README.md
// says how one is made. The model of these runs is a miniature with random weights.
//
// run: --model {source}/data/miniature_sd --prompt "a fox in the snow" --steps 5 --seed 7 --out {out}
// expect: picture_s7_000\.png: 64x64, 5 steps, 12 evaluations: finished
// run: --model {source}/data/miniature_sdxl --prompt "a fox in the snow" --negative blurry --steps 5 --count 2 --out {out}
// expect: picture_s0_000\.png.*picture_s0_001\.png
// run: --model {source}/data --prompt "a fox"
// expect: stable_diffusion: .*data/unet/model\.onnx: there is no such file: the network that predicts noise
// exit: 1
// run: --model {source}/data/miniature_sd --prompt "a fox" --solver dpm_pp_2n
// expect: /solver: "dpm_pp_2n"; allowed: .*dpm_pp_2m
// exit: 1
// run: {source}/jobs/stable_diffusion.json --steps 6 --count 1 --previews 3 --out {out}
// expect: picture_s42_000\.png: 64x64, 6 steps, 11 evaluations: finished
// run: --model {source}/data/miniature_sd --prompt "a fox" --image {source}/data/digits_sheet.png --strength 1.5
// expect: /strength: 1\.5; allowed: a number from 0 to 1
// exit: 1
// run: --model {source}/data/miniature_sd --prompt "a fox" --out /dev/null/none
// expect: /dev/null/none: cannot be made, or not be written to; allowed: a folder to write to
// exit: 1
// run: --steps
// expect: usage: stable_diffusion
// exit: 2
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/adapters/png.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/core/outcome.hpp>

#include "stable_diffusion/job.hpp"
#include "stable_diffusion/pipeline.hpp"
#include "support/png_file.hpp"
#include "support/run_program.hpp"

namespace {

namespace nf = noisefall;
namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* usage =
    "usage: stable_diffusion [JOB.json | PICTURE.png] [--model FOLDER] [--prompt TEXT] [--negative TEXT] [--out "
    "FOLDER]\n"
    "  --size WxH       pixels of a picture\n"
    "  --steps N        (30)\n"
    "  --seed N, --count N, --first N, --batch N\n"
    "  --scale G        guidance scale (7.5; 1 for none)\n"
    "  --solver NAME    a solver of noisefall, on --trajectory NAME (trailing)\n"
    "  --scheduler NAME a class of diffusers, in place of the one in the model's scheduler_config.json\n"
    "  --noise torch    the pictures of diffusers for torch.manual_seed(seed), on the CPU\n"
    "  --image FILE.png --strength S, --mask FILE.png\n"
    "  --previews N     a preview every N steps\n"
    "  --cut            prompts that are too long are cut\n"
    "  --threads N      (all cores)\n"
    "A job file says all of these, and more (examples/stable_diffusion/job.hpp). A picture holds the job that it was "
    "drawn\n"
    "with. Ctrl-C ends a run early, with a clean picture.\n";

struct command {
  fs::path job, out = ".";
  json changes = json::object();
};

// How an option stands in a job.
enum class kind : std::uint8_t { text, path, whole, number };
struct option {
  std::string_view word;
  const char* field;
  kind is;
};
constexpr option options[] = {{"--model", "model", kind::path},
                              {"--prompt", "prompt", kind::text},
                              {"--negative", "negative_prompt", kind::text},
                              {"--steps", "steps", kind::whole},
                              {"--seed", "seed", kind::whole},
                              {"--count", "count", kind::whole},
                              {"--first", "first_sample", kind::whole},
                              {"--batch", "batch", kind::whole},
                              {"--scale", "guidance_scale", kind::number},
                              {"--solver", "solver", kind::text},
                              {"--trajectory", "trajectory", kind::text},
                              {"--scheduler", "scheduler", kind::text},
                              {"--noise", "noise", kind::text},
                              {"--image", "image", kind::path},
                              {"--strength", "strength", kind::number},
                              {"--mask", "mask", kind::path},
                              {"--previews", "previews", kind::whole},
                              {"--threads", "threads", kind::whole}};

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}
std::optional<double> number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size()) return std::nullopt;
  return value;
}

bool set(json& changes, const option& asked, const std::string& word) {
  json& field = changes[asked.field];
  if (asked.is == kind::text) {
    field = word;
  } else if (asked.is == kind::path) {
    field = fs::absolute(word).string();
  } else if (asked.is == kind::whole) {
    const auto value = whole_number(word);
    field = value.value_or(0);
    return value.has_value();
  } else {
    const auto value = number(word);
    field = value.value_or(0);
    return value.has_value();
  }
  return true;
}

bool set_size(json& changes, const std::string& word) {
  const std::size_t by = word.find('x');
  if (by == std::string::npos) return false;
  const auto width = whole_number(std::string_view{word}.substr(0, by));
  const auto height = whole_number(std::string_view{word}.substr(by + 1));
  if (!width || !height) return false;
  changes["width"] = *width;
  changes["height"] = *height;
  return true;
}

// Nothing if the words are no command.
std::optional<command> parse(const std::vector<std::string>& words) {
  command result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) {
      if (!result.job.empty()) return std::nullopt;
      result.job = word;
      continue;
    }
    if (word == "--cut") {
      result.changes["long_prompt"] = "cut";
      continue;
    }
    if (++i == words.size()) return std::nullopt;
    if (word == "--out") {
      result.out = words[i];
      continue;
    }
    bool known = word == "--size" && set_size(result.changes, words[i]);
    for (const option& asked : options)
      if (asked.word == word) known = set(result.changes, asked, words[i]);
    if (!known) return std::nullopt;
  }
  if (result.job.empty() && result.changes.empty()) return std::nullopt;
  return result;
}

// The job with what the command line says in place of it: one way to choose a solver takes the other's place.
json changed(json job, const json& changes) {
  nf::require(job.is_object(), "/", "no job", "an object: {\"model\": ..., \"prompt\": ...}");
  const auto gives_way = [&](const char* to, std::initializer_list<const char*> fields) {
    if (changes.contains(to))
      for (const char* name : fields) job.erase(name);
  };
  gives_way("guidance_scale", {"guidance"});
  gives_way("scheduler", {"solver", "trajectory", "schedule", "parameterisation", "threshold"});
  gives_way("solver", {"scheduler", "set_timesteps", "step"});
  if (changes.contains("steps") && job.contains("trajectory") && job["trajectory"].is_object())
    job["trajectory"].erase("steps");
  job.update(changes);
  return job;
}

std::string numbered(const stable_diffusion::job& job, std::size_t sample) {
  std::string number = std::to_string(sample);
  if (number.size() < 3) number.insert(0, 3 - number.size(), '0');
  return "s" + std::to_string(job.seed) + "_" + number;
}

// So that a long run does not end at a folder that cannot be written to.
void check_writable(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  const fs::path trial = folder / ".stable_diffusion_writes";
  const bool writes = bool{std::ofstream{trial}};
  fs::remove(trial, failed);
  nf::require(writes, folder.string(), "cannot be made, or not be written to", "a folder to write to (--out)");
}

// Set by Ctrl-C; a signal handler may touch no more than this.
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

int run(const command& asked) {
  const json file = asked.job.empty() ? json::object() : stable_diffusion::read_job_file(asked.job);
  const fs::path beside = asked.job.empty() ? fs::path{"."} : asked.job.parent_path();
  const stable_diffusion::job job = [&] {
    try {
      return stable_diffusion::make_job(changed(file, asked.changes), beside);
    } catch (const nf::error& e) {
      if (asked.job.empty()) throw;
      throw nf::error{asked.job.string() + ": " + e.where(), e.problem(), e.allowed()};
    }
  }();
  for (const std::string& warning : job.sampler.warnings)
    std::fprintf(stderr, "stable_diffusion: warning: %s\n", warning.c_str());
  check_writable(asked.out);

  std::vector<std::string> notes;
  stable_diffusion::pipeline model{job};
  stable_diffusion::watchers who;
  who.progress_bar = true;
  who.go_on = [] { return interrupted ? nf::verdict::finish : nf::verdict::go_on; };
  who.preview = [&](std::size_t step, std::size_t first, const nf::picture& preview) {
    nf::write_png(asked.out / ("preview_" + numbered(job, first) + "_step_" + std::to_string(step) + ".png"), preview);
  };
  std::vector<fs::path> pictures;
  who.picture = [&](std::size_t sample, nf::view<float>, const nf::picture& image) {
    pictures.push_back(asked.out / ("picture_" + numbered(job, sample) + ".png"));
    examples::write_png_with_text(pictures.back(), image, stable_diffusion::embedded_job,
                                  job.of_picture(sample).dump());
  };
  const stable_diffusion::job_result drawn = model.draw(job, who, notes);
  for (const std::string& note : notes) std::fprintf(stderr, "stable_diffusion: %s\n", note.c_str());
  for (const fs::path& picture : pictures)
    std::printf("%s: %zux%zu, %zu steps, %zu evaluations: %s\n",
                fs::absolute(picture).lexically_normal().string().c_str(), job.width, job.height, drawn.steps,
                drawn.evaluations, nf::name_of(drawn.how));
  return drawn.how == nf::outcome::finished || drawn.how == nf::outcome::shortened ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, [](int) {
    interrupted = true;
    std::signal(SIGINT, SIG_DFL);  // once more ends the program
  });
  return examples::run_program("stable_diffusion", usage, argc, argv, parse, run);
}
