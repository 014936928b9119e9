// Runs a job file: draws its samples, writes a picture and a report.
//
// run: {source}/jobs/digits.json --quick --out {out}
// expect: picture: .*digits\.png
// expect: 10 digits, 6 steps, 12 evaluations each: finished in
// run: {source}/jobs/mixture.json --out {out}
// expect: picture: .*mixture\.png
// expect: 2000 points, .* finished in
// run: {source}/jobs/mixture.json --count 0 --out {out}
// expect: mixture\.json: /count: 0; allowed: a whole number from 1 to 1000000
// exit: 1
// run: {out}/none.json
// expect: none\.json: there is no such file
// exit: 1
// run: --steps 3
// expect: usage: sample JOB\.json
// exit: 2
#include <algorithm>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/adapters/png.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/predictor/counting_predictor.hpp>
#include <noisefall/sampler/progress_bar.hpp>

#include "support/job.hpp"
#include "support/run_program.hpp"

namespace {

namespace nf = noisefall;

constexpr const char* usage = "usage: sample JOB.json [--out DIR] [--seed N] [--count N] [--quick]\n";

struct command {
  std::filesystem::path job, out = ".";
  examples::job_changes changes;
};

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Nothing if the words are no command.
std::optional<command> parse(const std::vector<std::string>& words) {
  command result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool takes_value = word == "--out" || word == "--seed" || word == "--count";
    if (takes_value && ++i == words.size()) return std::nullopt;
    if (word == "--out") {
      result.out = words[i];
    } else if (word == "--seed") {
      if (!(result.changes.seed = whole_number(words[i]))) return std::nullopt;
    } else if (word == "--count") {
      if (!(result.changes.count = whole_number(words[i]))) return std::nullopt;
    } else if (word == "--quick") {
      result.changes.quick = true;
    } else if (!word.starts_with("-") && result.job.empty()) {
      result.job = word;
    } else {
      return std::nullopt;
    }
  }
  if (result.job.empty()) return std::nullopt;
  return result;
}

struct outcome {
  std::vector<float> samples;
  nf::outcome how = nf::outcome::finished;
  std::size_t steps = 0, evaluations = 0, calls = 0;  // of a sample, the most where they differ; calls of the network
  double network_seconds = 0, seconds = 0;
};

template <class Model>
outcome draw(Model& model, const examples::job& job) {
  using clock = std::chrono::steady_clock;
  nf::tensor<float> all{model.samples(job.count)};
  const std::size_t size = all.extents().sample_size(), batches = (job.count + job.batch - 1) / job.batch;
  nf::counting_predictor network{model};
  outcome total;
  const auto start = clock::now();
  const nf::sampler& sample = job.sampler.policy;
  nf::progress_bar bar{stderr, {.total = sample.parts().has_own_steps() ? 0 : batches * sample.steps()}};
  for (std::size_t done = 0; done < job.count; done += job.batch) {
    const std::size_t count = std::min(job.batch, job.count - done), first = job.first_sample + done;
    const nf::mutable_view<float> x{all.data() + done * size, all.extents().with_samples(count)};
    const nf::run_result result = sample(network, x,
                                         {.seed = job.seed,
                                          .first_sample = first,
                                          .conditional = model.conditional(first, count),
                                          .unconditional = model.unconditional()},
                                         bar);
    total.steps = std::max(total.steps, result.steps);
    total.evaluations = std::max(total.evaluations, result.evaluations);
    if (result.how != nf::outcome::finished) total.how = result.how;
  }
  total.seconds = std::chrono::duration<double>(clock::now() - start).count();
  total.network_seconds = network.seconds();
  total.calls = network.calls();
  total.samples.assign(all.elements().begin(), all.elements().end());
  return total;
}

nlohmann::json report(const examples::job& job, const outcome& drawn) {
  return {{"outcome", nf::name_of(drawn.how)},
          {"steps", drawn.steps},
          {"evaluations", drawn.evaluations},
          {"network_calls", drawn.calls},
          {"seconds",
           {{"total", drawn.seconds},
            {"network", drawn.network_seconds},
            {"library", drawn.seconds - drawn.network_seconds}}},
          {"citations", nf::citations(job.sampler.policy)},
          {"job", job.described}};
}

// So that a long run does not end at a file that cannot be written.
std::filesystem::path writable(const std::filesystem::path& file, const std::filesystem::path& job) {
  std::error_code ignored;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);
  if (std::filesystem::equivalent(file, job, ignored))
    throw nf::error{file.string(), "is the job itself", "another file"};
  const bool is_new = !std::filesystem::exists(file, ignored);
  if (!std::ofstream{file, std::ios::app})
    throw nf::error{file.string(), "cannot be written", "a place to write to (--out)"};
  if (is_new) std::filesystem::remove(file, ignored);
  return file;
}

int run(const command& asked) {
  examples::job job = examples::read_job(asked.job, asked.changes);
  for (const std::string& warning : job.warnings) std::fprintf(stderr, "sample: warning: %s\n", warning.c_str());
  const auto sheet = writable(asked.out / job.sheet, asked.job);
  const auto report_file = writable(asked.out / job.report, asked.job);
  return std::visit(
      [&](auto& model) {
        const outcome drawn = draw(model, job);
        nf::write_png(sheet, model.draw(drawn.samples, job.picture));
        std::ofstream{report_file} << report(job, drawn).dump(2) << '\n';
        std::printf("picture: %s\n", std::filesystem::absolute(sheet).lexically_normal().c_str());
        std::printf(
            "%zu %s, %zu steps, %zu evaluations each: %s in %.2f s, %.2f s in the network, %.3f s in the library\n",
            job.count, model.noun, drawn.steps, drawn.evaluations, nf::name_of(drawn.how), drawn.seconds,
            drawn.network_seconds, drawn.seconds - drawn.network_seconds);
        return drawn.how == nf::outcome::finished ? 0 : 1;
      },
      job.model);
}

}  // namespace

int main(int argc, char** argv) { return examples::run_program("sample", usage, argc, argv, parse, run); }
