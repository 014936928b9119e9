// The digit network three ways: the inference in this repository, ONNX Runtime and libtorch, as far as they are here. The
// same twenty samples by each, and what an evaluation costs on one thread.
//
// expect: runtime  *\| samples differ by at most
// expect: built in
// expect: the same within 1e-3
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <noisefall/noisefall.hpp>
#include <noisefall/predictor/counting_predictor.hpp>

#include "support/digit_network.hpp"
#include "support/runtimes.hpp"

namespace nf = noisefall;

namespace {

// The network by this repository's own code, under the conditions of the others.
struct built_in {
  using condition = nf::network_condition;

  void predict(nf::view<float> x, const nf::evaluation& at, const condition& c, nf::mutable_view<float> out) {
    const nf::array_ref& labels = c.find("class_labels")->array();
    const auto* const first = static_cast<const std::int64_t*>(labels.data);
    times.assign(at.labels.begin(), at.labels.end());
    classes.assign(first, first + labels.extents[0]);
    network.evaluate(x.elements(), times, classes, out.elements());
  }

  examples::digit_network network{std::filesystem::path{NOISEFALL_EXAMPLES_DATA} / "digits_f16.safetensors"};
  std::vector<float> times{};
  std::vector<int> classes{};
};

constexpr std::size_t count = 20, steps = 20;

nf::tensor<float> draw(examples::runtime_predictor& model) {
  const nf::any_solver solver{nf::dpm_pp_2m{}};
  const nf::sampler sample{solver, nf::linear{}, nf::trailing{.steps = steps}, nf::guidance_scale(2)};
  std::vector<std::int64_t> digits(count);
  for (std::size_t i = 0; i < count; ++i) digits[i] = static_cast<std::int64_t>(i % 10);
  nf::tensor<float> x({count, 1, 28, 28});
  sample(model, x,
         {.seed = 1,
          .conditional = {{"class_labels", digits}},
          .unconditional = {{"class_labels", std::vector<std::int64_t>{examples::digit_network::no_class}}}});
  return x;
}

// Milliseconds of one evaluation of `batch` images, the least of several.
double cost(examples::runtime_predictor& model, std::size_t batch) {
  using clock = std::chrono::steady_clock;
  nf::tensor<float> x({batch, 1, 28, 28}), out{x.extents()};
  const nf::network_condition three{{"class_labels", std::vector<std::int64_t>{3}}};
  const double label[] = {500};
  double least = std::numeric_limits<double>::infinity();
  const auto end = clock::now() + std::chrono::milliseconds{200};
  do {
    const auto begin = clock::now();
    model.predict(x, {.labels = label}, three, out);
    least = std::min(least, std::chrono::duration<double, std::milli>(clock::now() - begin).count());
  } while (clock::now() < end);
  return least;
}

void row(const char* name, std::optional<float> difference, examples::runtime_predictor& model) {
  char text[32] = "-";
  if (difference) std::snprintf(text, sizeof text, "%.1e", static_cast<double>(*difference));
  std::printf("%-20s | %-27s | %12.2f | %13.2f\n", name, text, cost(model, 1), cost(model, 16));
}

float largest_difference(const nf::tensor<float>& a, const nf::tensor<float>& b) {
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (const float d = std::abs(a[i] - b[i]); !(d <= largest)) largest = d;  // NaN too
  return largest;
}

}  // namespace

int main() try {
  std::printf("runtime              | samples differ by at most   | 1 image, ms  | 16 images, ms\n");
  examples::runtime_predictor own{built_in{}};
  const nf::tensor<float> reference = draw(own);
  row("built in", {}, own);
  struct runtime {
    const char *name, *kind;
    std::filesystem::path file;
    bool optimize;
  };
  const auto onnx = std::filesystem::path{NOISEFALL_EXAMPLES_DATA} / "digits.onnx";
  const auto script = std::filesystem::path{NOISEFALL_EXAMPLES_BUILT} / "digits.pt";
  bool same = true;
  for (const runtime& r : {runtime{"ONNX Runtime", "onnx", onnx, false}, runtime{"libtorch", "torch", script, false},
                           runtime{"libtorch, optimised", "torch", script, true}}) {
    if (!examples::has_runtime(r.kind) || !std::filesystem::exists(r.file)) {
      std::printf("%-20s | not here: %s\n", r.name,
                  examples::has_runtime(r.kind) ? r.file.c_str() : "not built with it");
      continue;
    }
    examples::runtime_predictor model = examples::load_network(r.kind, r.file, {}, r.optimize);
    const float difference = largest_difference(reference, draw(model));
    same = same && difference <= 1e-3F;
    row(r.name, difference, model);
  }
  std::printf("%zu samples of %zu steps, 28x28 in [-1, 1]: %s\n", count, steps,
              same ? "the same within 1e-3" : "OTHER samples");
  return same ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "compare_runtimes: %s\n", e.what());
  return 1;
}
