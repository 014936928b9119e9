// A run that is interrupted, kept in a file, and taken up by another process: with the bits of the run that was not.
//
// run: {out}/run.checkpoint
// expect: stopped after 7 of 20 steps, kept in .*run\.checkpoint
// expect: another process: went on at step 7, done after 20
// expect: the bits of the uninterrupted run
// run: --resume {out}/none.checkpoint
// expect: resume: .*none\.checkpoint: there is no such file; allowed: a file that save_file\(\) wrote
// exit: 1
// run:
// expect: usage: resume FILE
// exit: 2
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include <noisefall/noisefall.hpp>
#include <noisefall/sampler/checkpoint_file.hpp>

namespace nf = noisefall;

namespace {

// Both processes make the same sampler and start the same run: the file holds the numbers, not the program. Noise on
// every step and guidance with momentum, so that there is something to remember.
const nf::sampler sample{nf::dpm_multistep{.tau_squared = 1}, nf::linear{}, nf::karras{.steps = 20},
                         nf::apg{.weight = 1, .momentum = -0.5}};
const nf::run_options<double> options{.seed = 42, .conditional = 2, .unconditional = 1};

// Stands for a network: the eps of images of grey noise, with pixels `mean` +- 0.5.
auto network() {
  return nf::predictor_from<double>(
      [](nf::view<float> x, const nf::evaluation& at, double mean, nf::mutable_view<float> eps) {
        const auto [t, alpha, sigma] = at.level(0);
        for (std::size_t i = 0; i < x.size(); ++i)
          eps[i] = static_cast<float>(sigma * (x[i] - alpha * mean) / (0.25 * alpha * alpha + sigma * sigma));
      });
}

// Goes on with the run until it is done, or has done so many steps.
template <class Run>
void go_on(Run& run, std::size_t steps) {
  auto model = network();
  while (run.steps_done() < steps && run.next() != nullptr) nf::step(run, model, options);
}

// What tells two results apart.
std::uint64_t hash(const nf::tensor<float>& x) {
  std::uint64_t sum = 0xcbf29ce484222325;  // FNV-1a
  for (const float value : x.elements()) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    sum = (sum ^ bits) * 0x100000001b3;
  }
  return sum;
}

// The second process: prints the hash of what it ends at.
int resume(const std::filesystem::path& file) {
  nf::tensor<float> x({2, 1, 32, 32});
  auto run = sample.start(x, {.seed = options.seed});
  nf::load_file(run, file);
  const std::size_t begun = run.steps_done();
  go_on(run, sample.steps());
  std::printf("another process: went on at step %zu, done after %zu\n", begun, run.steps_done());
  nf::tensor<float> whole({2, 1, 32, 32});
  auto uninterrupted = sample.start(whole, {.seed = options.seed});
  go_on(uninterrupted, sample.steps());
  const bool same = hash(x) == hash(whole);
  std::printf("%016llx: %s\n", static_cast<unsigned long long>(hash(x)),
              same ? "the bits of the uninterrupted run" : "OTHER bits than the uninterrupted run");
  return same ? 0 : 1;
}

// The first process: seven steps, then it keeps the run and is gone.
int interrupt(const std::string& program, const std::filesystem::path& file) {
  constexpr std::size_t done = 7;
  nf::tensor<float> x({2, 1, 32, 32});
  auto run = sample.start(x, {.seed = options.seed});
  go_on(run, done);
  nf::save_file(run, file);
  std::printf("stopped after %zu of %zu steps, kept in %s\n", done, sample.steps(), file.c_str());
  std::fflush(stdout);
  return std::system(("\"" + program + "\" --resume \"" + file.string() + "\"").c_str()) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 3 && std::string_view{argv[1]} == "--resume") return resume(argv[2]);
    if (argc == 2) return interrupt(argv[0], argv[1]);
  } catch (const nf::error& e) {
    std::fprintf(stderr, "resume: %s\n", e.what());
    return 1;
  }
  std::fputs("usage: resume FILE\n       resume --resume FILE\n", stderr);
  return 2;
}
