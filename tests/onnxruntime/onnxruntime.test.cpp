// Networks in ONNX files, written here: half the state, plus a thousandth of the time, plus what the class says, plus a
// hundredth of the unmasked hidden states.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/adapters/onnxruntime.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/predictor/any_predictor.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "onnx_writer.hpp"

namespace nf = noisefall;
using nf::element_type;

namespace {

const std::vector<float> class_values{0.25f, -0.5f, 1.0f, 0.0f};

struct network {
  element_type state = element_type::float32, time = element_type::int64, hidden = element_type::float32;
  std::vector<onnx::extent> time_extents{"batch"};
  bool classes = false, states_of_text = false, learned_variance = false;
  onnx::extent batch = "batch";

  // A file of its own in the folder of temporary ones.
  std::filesystem::path save(const std::string& name) const {
    onnx::graph g;
    const std::vector<onnx::extent> extents{batch, 2, "height", "width"};
    g.input("sample", state, extents).input("timestep", time, time_extents);
    g.constant("half", {0.5f}, {}).constant("thousandth", {0.001f}, {}).constant("column", {-1, 1, 1, 1});
    g.cast("sample", "x", element_type::float32).cast("timestep", "t", element_type::float32);
    g.node("Mul", {"x", "half"}, "x_half").node("Mul", {"t", "thousandth"}, "t_small");
    g.node("Reshape", {"t_small", "column"}, "t_column").node("Add", {"x_half", "t_column"}, "sum");
    std::string sum = "sum";
    if (classes) {
      g.input("class_labels", element_type::int64, {batch}).constant("table", class_values, {4});
      g.node("Gather", {"table", "class_labels"}, "of_class").node("Reshape", {"of_class", "column"}, "class_column");
      g.node("Add", {sum, "class_column"}, "sum_with_class");
      sum = "sum_with_class";
    }
    if (states_of_text) {
      g.input("encoder_hidden_states", hidden, {batch, "sequence", 3});
      g.input("mask", element_type::boolean, {batch, "sequence"});
      g.constant("hundredth", {0.01f}, {}).constant("last", {2}).constant("axes", {1, 2});
      g.cast("encoder_hidden_states", "text", element_type::float32).cast("mask", "weights", element_type::float32);
      g.node("Unsqueeze", {"weights", "last"}, "weights_of_each").node("Mul", {"text", "weights_of_each"}, "seen");
      g.node("ReduceSum", {"seen", "axes"}, "total", {{"keepdims", 0}}).node("Mul", {"total", "hundredth"}, "small");
      g.node("Reshape", {"small", "column"}, "text_column").node("Add", {sum, "text_column"}, "sum_with_text");
      sum = "sum_with_text";
    }
    if (learned_variance) {
      g.node("Concat", {sum, "x"}, "sum_and_x", {{"axis", 1}});
      sum = "sum_and_x";
    }
    g.cast(sum, "out_sample", state);
    g.output("out_sample", state, {batch, learned_variance ? 4 : 2, "height", "width"});
    const auto file = std::filesystem::temp_directory_path() / ("noisefall_test_" + name + ".onnx");
    g.save(file);
    return file;
  }
};

float expected(float x, double time, float rest = 0) { return 0.5f * x + 0.001f * static_cast<float>(time) + rest; }

nf::tensor<float> waves(const nf::shape& extents) {
  nf::tensor<float> x{extents};
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  return x;
}

template <class Out>
float largest_error(const nf::tensor<float>& x, const nf::tensor<Out>& out, std::span<const double> labels) {
  float largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double label = labels.size() == 1 ? labels[0] : labels[i / x.extents().sample_size()];
    const float error = std::abs(static_cast<float>(out[i]) - expected(x[i], label));
    largest = error <= largest ? largest : error;  // NaN becomes the largest
  }
  return largest;
}

const double same_label[] = {500}, labels[] = {10, 500, 990};

}  // namespace

TEST_CASE("networks in float, half and bfloat16 take times of any type, per sample, one for all and without an axis") {
  const nf::tensor<float> x = waves({3, 2, 4, 4});
  const std::vector<std::vector<onnx::extent>> forms{{"batch"}, {1}, {}};
  for (const auto& [state, bound] : {std::pair{element_type::float32, 1e-6f}, std::pair{element_type::float16, 2e-3f},
                                     std::pair{element_type::bfloat16, 2e-2f}})
    for (const element_type time : {element_type::int64, element_type::float32, element_type::float16})
      for (std::size_t form = 0; form < forms.size(); ++form) {
        CAPTURE(nf::name_of(state), nf::name_of(time), form);
        const auto file = network{.state = state, .time = time, .time_extents = forms[form]}.save("types");
        nf::onnx_predictor<> model{file};
        CHECK(model.call().state().name == "sample");
        CHECK(model.call().time()->type == time);
        nf::tensor<float> out{x.extents()};
        model.predict(x, {.labels = same_label}, {}, out);
        CHECK(largest_error(x, out, same_label) < bound);
        model.predict(x, {.labels = labels}, {}, out);
        CHECK(largest_error(x, out, labels) < bound);
        if (state == element_type::float16) {
          nf::onnx_predictor<float, nf::half> narrow{file};
          nf::tensor<nf::half> halves{x.extents()};
          narrow.predict(x, {.labels = labels}, {}, halves);
          CHECK(largest_error(x, halves, labels) < bound);
        }
        if (state == element_type::bfloat16) {
          nf::onnx_predictor<float, nf::bfloat16> narrow{file};
          nf::tensor<nf::bfloat16> bfloats{x.extents()};
          narrow.predict(x, {.labels = labels}, {}, bfloats);
          CHECK(largest_error(x, bfloats, labels) < bound);
        }
      }
}

TEST_CASE("conditions reach the network by their names, in other types too, for each sample or all of them") {
  const auto file =
      network{.hidden = element_type::float16, .classes = true, .states_of_text = true}.save("conditions");
  nf::onnx_predictor<> model{file};
  const nf::tensor<float> x = waves({2, 2, 4, 4});
  nf::tensor<float> out{x.extents()};
  const std::vector<float> hidden{1, 2, 3, 100, 100, 100};
  const nf::network_condition c{{"class_labels", std::vector<std::int64_t>{0, 2}},
                                {"encoder_hidden_states", hidden.data(), {1, 2, 3}},
                                {"mask", std::vector<bool>{true, false}}};
  model.predict(x, {.labels = same_label}, c, out);
  CHECK(out[0] == Approx(expected(x[0], 500, 0.25f + 0.06f)).margin(1e-6));
  CHECK(out[32] == Approx(expected(x[32], 500, 1.0f + 0.06f)).margin(1e-6));
}

TEST_CASE("a guided run over an ONNX network gives the samples of the same network in code, by one call and by two") {
  const auto file = network{.time = element_type::float32, .classes = true}.save("guided");
  const nf::sampler sample{nf::dpm_pp_2m{}, nf::linear{}, nf::karras{.steps = 10}, nf::guidance_scale(3)};
  auto in_code =
      nf::predictor_from<int>([](nf::view<float> x, const nf::evaluation& at, int c, nf::mutable_view<float> out) {
        for (std::size_t i = 0; i < x.size(); ++i)
          out[i] = expected(x[i], at.label(0), class_values[static_cast<std::size_t>(c)]);
      });
  nf::tensor<float> reference({3, 2, 4, 4}), x[2] = {nf::tensor<float>{{3, 2, 4, 4}}, nf::tensor<float>{{3, 2, 4, 4}}};
  sample(in_code, reference, {.seed = 5, .conditional = 2, .unconditional = 3});
  for (const auto calls : {nf::branch_calls::together, nf::branch_calls::one_by_one}) {
    nf::onnx_predictor<> model{file, {.branches = calls}};
    nf::any_predictor<nf::network_condition, nf::span_algebra<float>> erased{std::move(model)};
    nf::tensor<float>& drawn = x[calls == nf::branch_calls::together];
    sample(erased, drawn,
           {.seed = 5,
            .conditional = {{"class_labels", std::vector<std::int64_t>{2}}},
            .unconditional = {{"class_labels", std::vector<std::int64_t>{3}}}});
    for (std::size_t i = 0; i < drawn.size(); ++i) CHECK(drawn[i] == Approx(reference[i]).margin(1e-4));
  }
  CHECK(std::memcmp(x[0].data(), x[1].data(), x[0].size() * sizeof(float)) == 0);
}

TEST_CASE("half and bfloat16 outputs enter the run as they are and give the samples of widened ones, to the bit") {
  const nf::sampler sample{nf::ddim{}, nf::linear{}, nf::trailing{.steps = 8}, nf::unguided{}};
  const auto half_file = network{.state = element_type::float16}.save("halves");
  const auto bfloat_file = network{.state = element_type::bfloat16}.save("bfloats");
  const auto draw = [&](auto&& model) {
    nf::tensor<float> x({2, 2, 8, 8});
    sample(model, x, {.seed = 5});
    return std::vector<float>(x.elements().begin(), x.elements().end());
  };
  CHECK(draw(nf::onnx_predictor<float, nf::half>{half_file}) == draw(nf::onnx_predictor<float>{half_file}));
  CHECK(draw(nf::onnx_predictor<float, nf::bfloat16>{bfloat_file}) == draw(nf::onnx_predictor<float>{bfloat_file}));
}

TEST_CASE("learned variances have twice the channels, in the shape that the sampler is told") {
  nf::onnx_predictor<> model{network{.learned_variance = true}.save("variance")};
  CHECK(model.output_shape({5, 2, 4, 4}) == nf::shape{5, 4, 4, 4});
  const nf::sampler sample{nf::ddpm{.variance = nf::ddpm::variance_kind::learned_range}, nf::linear{},
                           nf::trailing{.steps = 3}, nf::unguided{}};
  nf::tensor<float> x({2, 2, 4, 4});
  CHECK(sample(model, x, {.seed = 1}).how == nf::outcome::finished);
}

TEST_CASE("a session that the caller configured is used as it is, shared or handed over") {
  const auto file = network{}.save("session");
  const Ort::Env env{ORT_LOGGING_LEVEL_ERROR, "test"};
  Ort::SessionOptions settings;
  settings.SetIntraOpNumThreads(2);
  Ort::Session session{env, file.c_str(), settings};
  const nf::tensor<float> x = waves({3, 2, 4, 4});
  nf::tensor<float> first{x.extents()}, second{x.extents()}, third{x.extents()};
  nf::onnx_predictor<> a{session}, b{session};
  CHECK(&a.network().session() == &session);
  a.predict(x, {.labels = labels}, {}, first);
  b.predict(x, {.labels = labels}, {}, second);
  nf::onnx_predictor<> c{std::move(session)};
  nf::onnx_predictor<> moved{std::move(c)};
  moved.predict(x, {.labels = labels}, {}, third);
  CHECK(largest_error(x, first, labels) < 1e-6f);
  CHECK(std::memcmp(first.data(), second.data(), x.size() * sizeof(float)) == 0);
  CHECK(std::memcmp(first.data(), third.data(), x.size() * sizeof(float)) == 0);
}

TEST_CASE("a network of a fixed batch serves any multiple of it") {
  nf::onnx_predictor<> model{network{.time_extents = {2}, .batch = 2}.save("fixed")};
  const nf::tensor<float> x = waves({4, 2, 4, 4});
  nf::tensor<float> out{x.extents()};
  model.predict(x, {.labels = same_label}, {}, out);
  CHECK(largest_error(x, out, same_label) < 1e-6f);
}

TEST_CASE("what ONNX Runtime refuses is told with the tensors and what the network takes") {
  CHECK(message_of([] { (void)nf::onnx_predictor<>{"nowhere/model.onnx"}; }) ==
        "onnxruntime: there is no file nowhere/model.onnx; allowed: an ONNX file");
  const auto garbage = std::filesystem::temp_directory_path() / "noisefall_test_garbage.onnx";
  std::ofstream{garbage} << "this is no network";
  CHECK_THAT(message_of([&] { (void)nf::onnx_predictor<>{garbage}; }),
             Catch::Matchers::ContainsSubstring("noisefall_test_garbage.onnx") &&
                 Catch::Matchers::ContainsSubstring("allowed: an ONNX file that ONNX Runtime can load"));

  const auto file = network{.classes = true}.save("mistakes");
  nf::onnx_predictor<> model{file};
  const nf::tensor<float> x = waves({2, 3, 4, 4});
  nf::tensor<float> out{x.extents()};
  const nf::network_condition c{{"class_labels", std::vector<std::int64_t>{1}}};
  CHECK(message_of([&] { model.predict(x, {.labels = same_label}, c, out); }) ==
        "onnxruntime: input 'sample': shape [2, 3, 4, 4]; allowed: float32 [batch, 2, height, width]");
  CHECK(message_of([&] {
          nf::onnx_predictor<> other{file, {.state = "smaple"}};
        }) ==
        "onnxruntime: input of the state: there is none named 'smaple'; allowed: 'sample' float32 [batch, 2, height, "
        "width], 'timestep' int64 [batch], 'class_labels' int64 [batch]");
  const nf::tensor<float> fine = waves({2, 2, 4, 4});
  const nf::network_condition beyond{{"class_labels", std::vector<std::int64_t>{77}}};
  nf::tensor<float> into{fine.extents()};
  CHECK_THAT(message_of([&] { model.predict(fine, {.labels = same_label}, beyond, into); }),
             Catch::Matchers::ContainsSubstring("fed: 'sample' [2, 2, 4, 4], 'timestep' [2], 'class_labels' [2]"));
}
