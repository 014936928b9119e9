// Watching a run: previews as PNG, a progress bar, Ctrl-C, and a deadline that still ends in a clean picture.
//
// run: --quick --out {out}
// expect: whole run: finished after 12 of 12 steps
// expect: 12 previews: .*preview_001\.png to .*preview_012\.png
// expect: film, one row per step: .*film\.png, 10 columns, 12 rows
// expect: deadline: shortened after 7 of 12 steps, 14 evaluations
// expect: the picture is clean
// expect: Ctrl-C after 3 steps: stopped after 3 of 12 steps, 6 evaluations
// expect: the picture is still noise
// run: --nonsense
// expect: usage: preview_and_cancel
// exit: 2
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/adapters/png.hpp>
#include <noisefall/adapters/png_previews.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/sampler/deadline.hpp>
#include <noisefall/sampler/progress_bar.hpp>

#include "support/digit_network.hpp"

namespace {

namespace nf = noisefall;

constexpr const char* usage = "usage: preview_and_cancel [--out DIR] [--quick]\n";

// Set by Ctrl-C; a signal handler may touch no more than this.
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// With --quick, a clock by which every call of the network takes 10 ms: how busy a test machine is shall not decide
// what comes out.
struct call_clock {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<call_clock>;
  static inline long calls = 0;
  static time_point now() { return time_point{10 * duration{calls}}; }
};

// The digit network as a predictor; the condition is a digit per sample.
struct digits {
  using condition = std::vector<int>;
  examples::digit_network network{std::filesystem::path{NOISEFALL_EXAMPLES_DATA} / "digits_f16.safetensors"};
  std::vector<float> times{};

  void predict(nf::view<float> x, const nf::evaluation& at, const condition& classes, nf::mutable_view<float> out) {
    times.assign(at.labels.begin(), at.labels.end());
    network.evaluate(x.elements(), times, classes, out.elements());
    ++call_clock::calls;
  }
};

// Of clean digits, nearly all pixels are black or white: -1 or 1.
double decided_pixels(std::span<const float> x) {
  std::size_t decided = 0;
  for (const float v : x) decided += std::abs(v) > 0.75F ? 1 : 0;
  return static_cast<double>(decided) / static_cast<double>(x.size());
}

void tell(const char* what, const nf::run_result& result, const nf::sampler& sample, const nf::tensor<float>& x) {
  const double decided = decided_pixels(x.elements());
  std::printf("%s: %s after %zu of %zu steps, %zu evaluations\n", what, nf::name_of(result.how), result.steps,
              sample.steps(), result.evaluations);
  std::printf("  %s: %.0f %% of its pixels are black or white\n",
              decided > 0.75 ? "the picture is clean" : "the picture is still noise", 100 * decided);
}

template <class Clock>
int run(const std::filesystem::path& out, std::size_t steps) {
  const nf::sampler sample{nf::dpm_pp_2m{}, nf::linear{}, nf::trailing{.steps = steps}, nf::guidance_scale(2)};
  digits model;
  nf::tensor<float> x({10, 1, examples::digit_network::side, examples::digit_network::side});
  const nf::run_options<digits::condition> options{
      .seed = 1, .conditional = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, .unconditional = {examples::digit_network::no_class}};
  const nf::cancellation ctrl_c{[] { return interrupted.load(); }};
  std::filesystem::create_directories(out);

  // Everything at once: previews, the same as a film, a bar on the terminal, and Ctrl-C.
  nf::png_previews<float> previews{out / "preview_{}.png"};
  nf::keep_every<float> film{1};
  const auto begin = Clock::now();
  nf::run_result whole;
  {
    nf::progress_bar bar{stderr};
    whole = sample(model, x, options, nf::observers{bar, previews, film, ctrl_c});
  }
  const auto took = Clock::now() - begin;
  tell("whole run", whole, sample, x);
  if (film.size() == 0) return 0;  // Ctrl-C before the first step
  std::printf("  %zu previews: %s to %s\n", previews.files().size(), previews.files().front().c_str(),
              previews.files().back().c_str());
  const std::filesystem::path strip = out / "film.png";
  nf::write_png(strip, nf::sheet(nf::view<float>{film.elements().data(), x.extents().with_samples(10 * film.size())},
                                 {.columns = 10}));
  std::printf("  film, one row per step: %s, 10 columns, %zu rows\n", strip.c_str(), film.size());
  if (whole.how == nf::outcome::stopped) return 0;

  // Three fifths of that time: the run ends early, with a step straight to the end.
  nf::deadline<Clock> limit{took * 3 / 5};
  const nf::run_result hurried = sample(model, x, options, nf::observers{limit, ctrl_c});
  tell("deadline", hurried, sample, x);
  std::printf("  it had %.0f ms left of %.0f\n", std::chrono::duration<double, std::milli>(limit.left()).count(),
              std::chrono::duration<double, std::milli>(took * 3 / 5).count());
  nf::write_png(out / "deadline.png", nf::sheet(nf::view<float>{x}));
  if (hurried.how == nf::outcome::stopped) return 0;

  // What Ctrl-C leaves behind: the state of the last completed step.
  std::size_t done = 0;
  const auto press_ctrl_c = [&](const auto&) {
    if (++done == 3) std::raise(SIGINT);
  };
  const nf::run_result cancelled = sample(model, x, options, nf::observers{press_ctrl_c, ctrl_c});
  tell("Ctrl-C after 3 steps", cancelled, sample, x);
  nf::write_png(out / "cancelled.png", nf::sheet(nf::view<float>{x}, {.low = -3, .high = 3}));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path out = "preview_and_cancel";
  bool quick = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--quick") {
      quick = true;
    } else if (word == "--out" && i + 1 < argc) {
      out = argv[++i];
    } else {
      std::fputs(usage, stderr);
      return 2;
    }
  }
  std::signal(SIGINT, [](int) { interrupted = true; });
  try {
    return quick ? run<call_clock>(out, 12) : run<std::chrono::steady_clock>(out, 30);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "preview_and_cancel: %s\n", e.what());
    return 1;
  }
}
