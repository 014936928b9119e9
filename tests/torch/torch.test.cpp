// Modules in TorchScript, written here: half the state, plus a thousandth of the time, plus a tenth of the class.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/adapters/torch.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/predictor/any_predictor.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "modules.hpp"

namespace nf = noisefall;

namespace {

const std::string simple = R"(
def forward(self, sample, timestep):
    return (sample * self.half + 0.001 * timestep.float()[:, None, None, None]).to(sample.dtype)
)";
const std::string with_class = R"(
def forward(self, sample, timestep, class_labels):
    out = sample * self.half + 0.001 * timestep[:, None, None, None] + 0.1 * class_labels[:, None, None, None]
    return {"other": sample, "sample": out}
)";

std::filesystem::path file_of(const std::string& name, const std::string& forward,
                              const std::string& type = "float32") {
  const auto file = std::filesystem::temp_directory_path() / ("noisefall_test_" + name + ".pt");
  write_module(file.string(), forward, type);
  return file;
}

nf::tensor<float> waves(const nf::shape& extents) {
  nf::tensor<float> x{extents};
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  return x;
}

template <class Out>
float largest_error(const nf::tensor<float>& x, const nf::tensor<Out>& out, const std::vector<double>& labels) {
  float largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double label = labels[labels.size() == 1 ? 0 : i / x.extents().sample_size()];
    const float error = std::abs(static_cast<float>(out[i]) - 0.5f * x[i] - 0.001f * static_cast<float>(label));
    largest = error <= largest ? largest : error;  // NaN becomes the largest
  }
  return largest;
}

const std::vector<double> labels{10, 500, 990};

}  // namespace

TEST_CASE("modules of every type are fed in their own, with times in what they were asked for") {
  nf::set_torch_threads(1);
  const nf::tensor<float> x = waves({3, 2, 4, 4});
  nf::tensor<float> out{x.extents()};
  for (const auto& [type, bound] :
       {std::pair{"float32", 1e-6f}, std::pair{"float16", 2e-3f}, std::pair{"bfloat16", 2e-2f}}) {
    CAPTURE(type);
    const auto file = file_of("types", simple, type);
    for (const auto time : {nf::element_type::unknown, nf::element_type::int64, nf::element_type::float32}) {
      // 990 has no bfloat16 of its own.
      if (time == nf::element_type::unknown && std::string{type} == "bfloat16") continue;
      nf::torch_predictor<> model{file, {.time_type = time}};
      CHECK(nf::name_of(model.call().state().type) == std::string{type});
      model.predict(x, {.labels = labels}, {}, out);
      CHECK(largest_error(x, out, labels) < bound);
    }
  }
  nf::torch_predictor<float, nf::bfloat16> narrow{file_of("narrow", simple, "bfloat16"),
                                                  {.time_type = nf::element_type::int64}};
  nf::tensor<nf::bfloat16> bfloats{x.extents()};
  narrow.predict(x, {.labels = labels}, {}, bfloats);
  CHECK(largest_error(x, bfloats, labels) < 2e-2f);
}

TEST_CASE("a guided run over a TorchScript module gives the same samples by one call and by two, optimised or not") {
  const auto file = file_of("guided", with_class);
  const nf::sampler sample{nf::dpm_pp_2m{}, nf::linear{}, nf::karras{.steps = 10}, nf::guidance_scale(3)};
  auto in_code =
      nf::predictor_from<int>([](nf::view<float> x, const nf::evaluation& at, int c, nf::mutable_view<float> out) {
        for (std::size_t i = 0; i < x.size(); ++i)
          out[i] = 0.5f * x[i] + 0.001f * static_cast<float>(at.label(0)) + 0.1f * static_cast<float>(c);
      });
  nf::tensor<float> reference({3, 2, 4, 4});
  sample(in_code, reference, {.seed = 5, .conditional = 2, .unconditional = 3});
  for (const auto calls : {nf::branch_calls::together, nf::branch_calls::one_by_one})
    for (const bool optimize : {false, true}) {
      nf::any_predictor<nf::network_condition, nf::span_algebra<float>> model{
          nf::torch_predictor<>{file, {.branches = calls}, {.optimize = optimize}}};
      nf::tensor<float> x({3, 2, 4, 4});
      sample(model, x,
             {.seed = 5,
              .conditional = {{"class_labels", std::vector<std::int64_t>{2}}},
              .unconditional = {{"class_labels", std::vector<std::int64_t>{3}}}});
      for (std::size_t i = 0; i < x.size(); ++i) CHECK(x[i] == Approx(reference[i]).margin(1e-4));
    }
}

TEST_CASE("forward() may take its time as a number, leave arguments out and answer with a tuple") {
  const nf::tensor<float> x = waves({3, 2, 4, 4});
  nf::tensor<float> out{x.extents()};
  nf::torch_predictor<> real{file_of("real", R"(
def forward(self, x, t: float, more: Optional[Tensor] = None):
    return x * self.half + 0.001 * t, x
)")};
  real.predict(x, {.labels = labels}, {}, out);  // sample by sample
  CHECK(largest_error(x, out, labels) < 1e-6f);
  nf::torch_predictor<> whole{file_of("whole", R"(
def forward(self, x, t: int, factor: float = 1.0):
    return [x * self.half + 0.001 * t * factor]
)")};
  whole.predict(x, {.labels = labels}, {}, out);
  CHECK(largest_error(x, out, labels) < 1e-6f);
}

TEST_CASE("a module that the caller made is used, and stays his") {
  with_module(simple, [](const torch::jit::Module& module) {
    nf::torch_predictor<> first{nf::torch_module{module}}, second{nf::torch_module{module}};
    nf::torch_predictor<> moved{std::move(first)};
    const nf::tensor<float> x = waves({3, 2, 4, 4});
    nf::tensor<float> a{x.extents()}, b{x.extents()};
    moved.predict(x, {.labels = labels}, {}, a);
    second.predict(x, {.labels = labels}, {}, b);
    CHECK(largest_error(x, a, labels) < 1e-6f);
    CHECK(std::memcmp(a.data(), b.data(), x.size() * sizeof(float)) == 0);
  });
}

TEST_CASE("what libtorch refuses is told with the arguments and what the run needs") {
  using Catch::Matchers::ContainsSubstring;
  CHECK(message_of([] { (void)nf::torch_predictor<>{"nowhere/unet.pt"}; }) ==
        "torch: there is no file nowhere/unet.pt; allowed: a TorchScript file");
  const auto garbage = std::filesystem::temp_directory_path() / "noisefall_test_garbage.pt";
  std::ofstream{garbage} << "this is no network";
  CHECK_THAT(message_of([&] { (void)nf::torch_predictor<>{garbage}; }),
             ContainsSubstring("allowed: a TorchScript file that libtorch can load"));
  const nf::tensor<float> x = waves({2, 2, 4, 4});
  nf::tensor<float> out{x.extents()};
  nf::torch_predictor<> smaller{file_of("smaller", "def forward(self, x, t):\n    return x[:, :1] * self.half\n")};
  CHECK_THAT(message_of([&] { smaller.predict(x, {.labels = std::vector<double>{5}}, {}, out); }),
             ContainsSubstring("forward() gives [2, 1, 4, 4] where [2, 2, 4, 4] is needed") &&
                 ContainsSubstring("(fed: 'x' float32 [2, 2, 4, 4], 't' float32 [2])"));
  nf::torch_predictor<> model{file_of("mistakes", with_class)};
  CHECK(message_of([&] { model.predict(x, {.labels = std::vector<double>{5}}, {}, out); }) ==
        "torch: input 'class_labels': the condition of branch 0 has no tensor of this name; allowed: any type of any "
        "shape, as named_tensor{\"class_labels\", ...}");
}
