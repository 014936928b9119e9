// Many samples of a job over MPI's ranks: each rank draws a range of sample numbers and writes it in chunks; then all of
// them are measured. Neither samples nor measures depend on the number of ranks or the size of chunks, and a run that was
// ended in any way is taken up where its files end.
//   mpirun -n 4 bin/evaluate examples/jobs/mixture.json --count 100000 --out folder [--chunk 256] [--reference folder]
//
// run: --chunk 0
// expect: usage: mpirun -n RANKS evaluate JOB\.json --out FOLDER
// exit: 2
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/metrics/density_coverage.hpp>
#include <noisefall/metrics/frechet.hpp>
#include <noisefall/metrics/mmd.hpp>
#include <noisefall/metrics/own_draw.hpp>
#include <noisefall/metrics/precision_recall.hpp>
#include <noisefall/metrics/vendi.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/sampler/plan_table.hpp>

#include "support/chunk_files.hpp"
#include "support/exact_sums.hpp"
#include "support/job.hpp"

namespace {

namespace nf = noisefall;
using examples::sample_range;

constexpr const char* usage =
    "usage: mpirun -n RANKS evaluate JOB.json --out FOLDER [--count N] [--seed N] [--chunk N] [--reference FOLDER]\n"
    "                                [--measured N]\n"
    "  --chunk      samples drawn together and written as one file (256)\n"
    "  --reference  the samples to measure against: the folder of another evaluation; a mixture's are drawn from its "
    "law\n"
    "  --measured   samples of each set for the measures that compare all pairs (1000)\n";

struct command {
  std::filesystem::path job, out, reference;
  examples::job_changes changes;
  std::uint64_t chunk = 256, measured = 1000;
};

std::optional<command> parse(const std::vector<std::string>& words) {
  command result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) {
      if (!result.job.empty()) return std::nullopt;
      result.job = word;
      continue;
    }
    if (++i == words.size()) return std::nullopt;
    if (word == "--out") {
      result.out = words[i];
    } else if (word == "--reference") {
      result.reference = words[i];
    } else {
      char* end = nullptr;
      const std::uint64_t number = std::strtoull(words[i].c_str(), &end, 10);
      if (words[i].empty() || *end != '\0' || words[i][0] == '-') return std::nullopt;
      if (word == "--count")
        result.changes.count = number;
      else if (word == "--seed")
        result.changes.seed = number;
      else if (word == "--chunk" && number > 0)
        result.chunk = number;
      else if (word == "--measured" && number >= 10)
        result.measured = number;
      else
        return std::nullopt;
    }
  }
  if (result.job.empty() || result.out.empty()) return std::nullopt;
  return result;
}

struct ranks {
  int own = 0, all = 1;
  ranks() {
    MPI_Comm_rank(MPI_COMM_WORLD, &own);
    MPI_Comm_size(MPI_COMM_WORLD, &all);
  }
  bool first() const { return own == 0; }
  // The own part of `range`: as many samples for each, give or take one.
  sample_range part(const sample_range& range) const {
    const auto at = [&](int rank) {
      return range.count * static_cast<std::uint64_t>(rank) / static_cast<std::uint64_t>(all);
    };
    return {range.first + at(own), at(own + 1) - at(own)};
  }
};

// What all ranks have drawn, told to the first one, which shows it between its own chunks.
class progress {
 public:
  progress(const ranks& of, std::uint64_t total) : ranks_{of}, total_{total} {}

  void drawn(std::uint64_t samples) {
    if (ranks_.first())
      done_ += samples;
    else
      MPI_Send(&samples, 1, MPI_UINT64_T, 0, 0, MPI_COMM_WORLD);
    if (ranks_.first()) show();
  }
  // Waits for the others.
  void finish() {
    while (ranks_.first() && done_ < total_) {
      receive();
      show();
    }
    if (ranks_.first() && shown_) std::fputc('\n', stderr);
  }

 private:
  void receive() {
    std::uint64_t samples = 0;
    MPI_Recv(&samples, 1, MPI_UINT64_T, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    done_ += samples;
  }
  void show() {
    int waiting = 0;
    while (MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &waiting, MPI_STATUS_IGNORE) == MPI_SUCCESS && waiting != 0)
      receive();
    if (isatty(STDERR_FILENO) == 0) return;
    shown_ = true;
    std::fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " samples by %d ranks", done_, total_, ranks_.all);
  }

  const ranks& ranks_;
  std::uint64_t total_, done_ = 0;
  bool shown_ = false;
};

nf::shape shape_of(const examples::job& job, std::size_t count) {
  return std::visit([&](const auto& model) { return model.samples(count); }, job.model);
}

std::vector<float> draw(examples::job& job, const sample_range& range) {
  const auto count = static_cast<std::size_t>(range.count), first = static_cast<std::size_t>(range.first);
  std::vector<float> samples(shape_of(job, count).size());
  const nf::mutable_view<float> x{samples.data(), shape_of(job, count)};
  auto run = job.sampler.policy.start(x, {.seed = job.seed, .first_sample = range.first});
  while (const auto* request = run.next()) {
    std::visit(
        [&](auto& model) {
          for (std::size_t k = 0; k < request->branches.size(); ++k)
            model.predict(request->state, request->at,
                          request->branches[k] == 0 ? model.conditional(first, count) : model.unconditional(),
                          request->outputs[k]);
        },
        job.model);
    run.answer();
  }
  nf::require(!run.diverged(), "samples " + std::to_string(range.first) + " ...", "diverged", "a job that does not");
  return samples;
}

// The coefficients pass through the machine's libm: ranks whose rows differ would draw other samples.
void require_same_rows(const ranks& of, const examples::job& job) {
  const std::string rows = nf::plan_table(job.sampler.policy);
  std::uint64_t own = 14695981039346656037u;
  for (const char c : rows) own = (own ^ static_cast<unsigned char>(c)) * 1099511628211u;
  std::uint64_t least = 0, most = 0;
  MPI_Allreduce(&own, &least, 1, MPI_UINT64_T, MPI_MIN, MPI_COMM_WORLD);
  MPI_Allreduce(&own, &most, 1, MPI_UINT64_T, MPI_MAX, MPI_COMM_WORLD);
  nf::require(least == most, "rank " + std::to_string(of.own), "the ranks compute different coefficients",
              "machines with the same C library");
}

// The folder belongs to one job: its samples are those of this file, whatever their number.
void claim(const ranks& of, const std::filesystem::path& folder, const examples::job& job) {
  nlohmann::json own = job.described;
  for (const char* name : {"count", "batch", "outputs"}) own.erase(name);
  if (of.first()) {
    std::filesystem::create_directories(folder);
    const auto file = folder / "job.json";
    if (std::filesystem::exists(file)) {
      nf::require(nf::read_json(file) == own, file.string(), "is another job than this one",
                  "a folder of its own for each job");
    } else {
      std::ofstream{file} << own.dump(2) << '\n';
      nf::require(std::filesystem::exists(file), file.string(), "cannot be written", "a place to write to (--out)");
    }
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

// `count` samples of the law that the job's samples should have; the same for every seed of the job.
std::vector<float> of_law(const examples::mixture_model& model, std::size_t count) {
  const nf::mixture_law& law = model.law();
  const auto components = model.conditional(0, 0).only;
  const std::size_t d = law.means[0].size();
  double all = 0;
  for (const std::size_t k : components) all += law.weights[k];
  std::vector<float> x(count * d);
  nf::normals({0, nf::metrics_draw, 0, d}, 0, x.size(), x.data());
  for (std::size_t i = 0; i < count; ++i) {
    double place = std::fmod((static_cast<double>(i) + 0.5) * 0.6180339887498949, 1.0) * all;
    std::size_t k = 0;
    while (k + 1 < components.size() && place >= law.weights[components[k]]) place -= law.weights[components[k++]];
    for (std::size_t e = 0; e < d; ++e)
      x[i * d + e] = static_cast<float>(law.means[components[k]][e] +
                                        law.deviations[components[k]] * static_cast<double>(x[i * d + e]));
  }
  return x;
}

nlohmann::json measure(const command& asked, const examples::job& job, const examples::chunk_files& files,
                       const examples::exact_sums& sums) {
  const sample_range all{job.first_sample, job.count};
  const auto few = static_cast<std::size_t>(std::min<std::uint64_t>(asked.measured, all.count));
  const std::vector<float> own = files.read({all.first, few});
  const nf::view<float> drawn{own.data(), shape_of(job, few)};
  const nf::gaussian_moments moments = sums.moments();
  nlohmann::json report = {{"samples", sums.count()},
                           {"mean", std::vector<double>(moments.mean.begin(), moments.mean.end())},
                           {"measured", few},
                           {"vendi", nf::vendi_score(drawn)}};
  char digest[17];
  std::snprintf(digest, sizeof digest, "%016" PRIx64, sums.digest());
  report["digest"] = digest;
  report["variance"] = std::vector<double>(moments.covariance.diagonal().begin(), moments.covariance.diagonal().end());
  report["covariance_sum"] = moments.covariance.sum();

  const std::size_t most = 4 * few;
  std::vector<float> reference;
  if (!asked.reference.empty()) {
    examples::chunk_files other{asked.reference, shape_of(job, 1)};
    reference = other.read({0, most});
    nf::require(reference.size() >= 10 * drawn.sample_size(), asked.reference.string(),
                "holds fewer than ten samples of this shape from number 0 on", "the folder of an evaluation");
  } else if (const auto* mixture = std::get_if<examples::mixture_model>(&job.model)) {
    reference = of_law(*mixture, most);
  }
  if (reference.empty()) return report;
  const std::size_t there = reference.size() / drawn.sample_size(), compared = std::min(there, few);
  const nf::view<float> real{reference.data(), shape_of(job, there)}, some{reference.data(), shape_of(job, compared)};
  const auto [precision, recall] = nf::precision_recall(some, drawn);
  const auto [density, coverage] = nf::density_coverage(some, drawn);
  report["reference_samples"] = there;
  report["frechet"] = nf::frechet_distance(moments, nf::moments_of(real));
  report["kid"] = nf::kid(drawn, some);
  report["precision"] = precision;
  report["recall"] = recall;
  report["density"] = density;
  report["coverage"] = coverage;
  return report;
}

void run(const command& asked, const ranks& of) {
  using clock = std::chrono::steady_clock;
  const auto seconds = [](clock::time_point since) {
    return std::chrono::duration<double>(clock::now() - since).count();
  };
  examples::job job = examples::read_job(asked.job, asked.changes);
  nf::require(job.count >= 10, asked.job.string() + ": /count", std::to_string(job.count), "10 samples or more");
  require_same_rows(of, job);
  claim(of, asked.out, job);

  const sample_range all{job.first_sample, job.count}, own = of.part(all);
  examples::chunk_files files{asked.out, shape_of(job, 1)};
  const auto parts = files.missing(own, asked.chunk);
  std::uint64_t to_draw = 0, in_all = 0;
  for (const sample_range& part : parts) to_draw += part.count;
  MPI_Allreduce(&to_draw, &in_all, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);

  const auto drawing = clock::now();
  progress shown{of, in_all};
  for (const sample_range& part : parts) {
    files.write(part, draw(job, part));
    shown.drawn(part.count);
  }
  shown.finish();
  MPI_Barrier(MPI_COMM_WORLD);
  const double drawn = seconds(drawing);

  const auto summing = clock::now();
  files.look();
  examples::exact_sums sums{shape_of(job, 1).sample_size()};
  files.read(own, [&](std::uint64_t number, const float* x) { sums.add(number, x); });
  auto& words = sums.words();
  // In place at the first rank; whole numbers, so the order of the ranks does not matter. In parts, for MPI counts by int.
  constexpr std::size_t most = std::size_t{1} << 24;
  for (std::size_t at = 0; at < words.size(); at += most) {
    const int n = static_cast<int>(std::min(most, words.size() - at));
    MPI_Reduce(of.first() ? MPI_IN_PLACE : words.data() + at, words.data() + at, n, MPI_UINT64_T, MPI_SUM, 0,
               MPI_COMM_WORLD);
  }
  if (!of.first()) return;
  nf::require(sums.count() == all.count, asked.out.string(), std::to_string(sums.count()) + " samples in its files",
              std::to_string(all.count) + ": a folder that all ranks see");
  const double summed = seconds(summing);
  const auto measuring = clock::now();
  const nlohmann::json report = measure(asked, job, files, sums);
  std::ofstream{asked.out / "report.json"} << report.dump(2) << '\n';
  std::printf("%" PRIu64 " samples, %" PRIu64 " of them drawn now, by %d ranks: digest %s\n", all.count, in_all, of.all,
              report["digest"].get<std::string>().c_str());
  for (const char* name : {"frechet", "kid", "precision", "recall", "density", "coverage", "vendi"})
    if (report.contains(name)) std::printf("%10s %.6g\n", name, report[name].get<double>());
  std::printf("drawn in %.2f s, %zu bytes reduced in %.2f s, measured in %.2f s\n", drawn,
              words.size() * sizeof(words[0]), summed, seconds(measuring));
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const ranks of;
  int status = 0;
  try {
    if (const auto asked = parse({argv + 1, argv + argc})) {
      run(*asked, of);
    } else {
      if (of.first()) std::fputs(usage, stderr);
      status = 2;
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "evaluate: rank %d: %s\n", of.own, e.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
  return status;
}
