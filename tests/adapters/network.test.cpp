// What every adapter of a network does, seen by a network that records what it is handed. Its output is the state plus
// the time plus what every further input of a row adds up to.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/adapters/network_predictor.hpp>
#include <noisefall/core/half.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/span_algebra.hpp>
#include <noisefall/tensor/tensor.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace nf = noisefall;
using nf::element_type;

namespace {

double number(element_type type, const void* data, std::size_t i) {
  double value = 0;
  if (nf::is_floating(type)) {
    nf::convert(type, static_cast<const char*>(data) + i * nf::size_of(type), element_type::float64, &value, 1);
    return value;
  }
  std::int64_t whole = 0;
  nf::convert(type, static_cast<const char*>(data) + i * nf::size_of(type), element_type::int64, &whole, 1);
  return static_cast<double>(whole);
}

struct call {
  std::vector<const void*> data;
  std::vector<std::string> extents;
  const void* output;
};

struct recorder {
  std::vector<nf::array_info> in, out;
  std::vector<call>* calls;

  static const char* where() { return "recorder"; }
  static element_type own_type() { return element_type::float32; }
  const std::vector<nf::array_info>& inputs() const { return in; }
  const std::vector<nf::array_info>& outputs() const { return out; }
  void run(const std::vector<nf::array_ref>& arrays, std::size_t which, nf::array_ref& output) {
    call seen{{}, {}, output.data};
    std::size_t rows = 0, size = 1;
    for (const nf::array_ref& array : arrays) {
      seen.data.push_back(array.data);
      seen.extents.push_back(nf::to_string(array.extents));
    }
    calls->push_back(seen);
    CHECK(output.type == out[which].type);
    rows = static_cast<std::size_t>(output.extents[0]);
    for (std::size_t axis = 1; axis < output.extents.size(); ++axis)
      size *= static_cast<std::size_t>(output.extents[axis]);
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t e = 0; e < size; ++e) {
        double value = 0;
        for (std::size_t i = 0; i < arrays.size(); ++i) {
          if (arrays[i].data == nullptr) continue;
          CHECK((in[i].type == element_type::unknown || arrays[i].type == in[i].type));
          std::size_t elements = 1;
          for (const std::int64_t extent : arrays[i].extents) elements *= static_cast<std::size_t>(extent);
          if (arrays[i].extents.size() == output.extents.size())
            value += number(arrays[i].type, arrays[i].data, row * (elements / rows) + e % (elements / rows));
          else if (elements % rows == 0 && elements >= rows)
            for (std::size_t k = 0; k < elements / rows; ++k)
              value += number(arrays[i].type, arrays[i].data, row * (elements / rows) + k);
          else
            value += number(arrays[i].type, arrays[i].data, 0);
        }
        const std::size_t at = (row * size + e) * nf::size_of(output.type);
        nf::convert(element_type::float64, &value, output.type, static_cast<char*>(output.data) + at, 1);
      }
  }
};

nf::array_info array(std::string name, element_type type, std::vector<std::int64_t> extents,
                     std::vector<std::string> symbols = {}) {
  nf::array_info info;
  info.name = std::move(name);
  info.type = type;
  info.extents = std::move(extents);
  info.symbols = std::move(symbols);
  return info;
}

const nf::array_info image = array("sample", element_type::float32, {-1, 2, -1}, {"batch", "", "width"});
const nf::array_info time_of_each = array("timestep", element_type::int64, {-1}, {"batch"});
const nf::array_info answer = array("out_sample", element_type::float32, {-1, 2, -1});

template <class T = float, class Out = T>
struct model {
  explicit model(std::vector<nf::array_info> in, nf::network_options options = {}, nf::array_info out = answer)
      : predictor{recorder{std::move(in), {std::move(out)}, &calls}, options} {}
  std::vector<call> calls;
  nf::network_predictor<recorder, T, Out> predictor;
};

nf::tensor<float> counted(const nf::shape& extents) {
  nf::tensor<float> x{extents};
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  return x;
}

nf::evaluation labelled(std::span<const double> labels) { return {.labels = labels}; }
const double one_label[] = {100};
const nf::evaluation at_100 = labelled(one_label);

std::vector<float> of(const nf::tensor<float>& x) { return {x.elements().begin(), x.elements().end()}; }

static_assert(nf::BatchPredictor<nf::network_predictor<recorder, float>, nf::span_algebra<float>>);
static_assert(nf::BatchPredictor<nf::network_predictor<recorder, double>, nf::span_algebra<double>>);
static_assert(nf::BatchPredictor<nf::network_predictor<recorder, float, nf::half>, nf::span_algebra<float>>);

}  // namespace

TEST_CASE("state, output and conditions of the network's own types are handed over where they lie") {
  const auto embedding = array("embedding", element_type::float32, {-1, 3}, {"batch", ""});
  model m{{image, time_of_each, embedding}};
  const nf::tensor<float> x = counted({2, 2, 4});
  nf::tensor<float> out{x.extents()};
  const std::vector<float> values{1, 2, 3, 10, 20, 30};
  m.predictor.predict(x, at_100, {{"embedding", values.data(), {2, 3}}}, out);
  REQUIRE(m.calls.size() == 1);
  CHECK(m.calls[0].data[0] == x.data());
  CHECK(m.calls[0].data[2] == values.data());
  CHECK(m.calls[0].output == out.data());
  CHECK(m.calls[0].extents == std::vector<std::string>{"[2, 2, 4]", "[2]", "[2, 3]"});
  CHECK(out[0] == 106);
  CHECK(out[8 + 7] == 15 + 100 + 60);
}

TEST_CASE("branches go together in one call, or one by one, with the same answers") {
  const auto label = array("class_labels", element_type::int64, {-1}, {"batch"});
  const nf::tensor<float> x = counted({3, 2, 4});
  const nf::network_condition seven{{"class_labels", std::vector<std::int64_t>{7}}},
      each{{"class_labels", std::vector<std::int64_t>{20, 30, 40}}};
  const nf::network_condition* const conditions[] = {&seven, &each};
  std::vector<float> answers[2][2];
  for (const auto calls : {nf::branch_calls::together, nf::branch_calls::one_by_one}) {
    model m{{image, time_of_each, label}, {.branches = calls}};
    nf::tensor<float> first{x.extents()}, second{x.extents()};
    const nf::mutable_view<float> outs[] = {first, second};
    m.predictor.predict(x, at_100, conditions, outs);
    const bool together = calls == nf::branch_calls::together;
    CHECK(m.calls.size() == (together ? 1 : 2));
    CHECK(m.calls[0].extents[0] == (together ? "[6, 2, 4]" : "[3, 2, 4]"));
    CHECK(m.calls[0].extents[2] == (together ? "[6]" : "[3]"));
    CHECK((m.calls[0].data[0] == x.data()) == !together);
    CHECK(first[0] == 107);
    CHECK(second[8 + 1] == 9 + 100 + 30);
    answers[together][0] = of(first);
    answers[together][1] = of(second);
  }
  CHECK(answers[0][0] == answers[1][0]);
  CHECK(answers[0][1] == answers[1][1]);
}

TEST_CASE("outputs that lie side by side are written in place by one call for all branches") {
  model m{{image, time_of_each}};
  const nf::tensor<float> x = counted({2, 2, 4});
  nf::tensor<float> both{{4, 2, 4}};
  const nf::network_condition none;
  const nf::network_condition* const conditions[] = {&none, &none};
  const nf::mutable_view<float> outs[] = {{both.data(), x.extents()}, {both.data() + 16, x.extents()}};
  m.predictor.predict(x, at_100, conditions, outs);
  CHECK(m.calls[0].output == both.data());
  CHECK(both[31] == 115);
}

TEST_CASE("a network exported for a fixed batch, or told so, is called as often as it takes") {
  const auto fixed = array("sample", element_type::float32, {2, 2, 4});
  const auto label = array("class_labels", element_type::int64, {2});
  const nf::tensor<float> x = counted({4, 2, 4});
  const nf::network_condition each{{"class_labels", std::vector<std::int64_t>{10, 20, 30, 40}}};
  model m{{fixed, array("timestep", element_type::float32, {2}), label}};
  nf::tensor<float> out{x.extents()};
  const double labels[] = {1000, 2000, 3000, 4000};
  m.predictor.predict(x, labelled(labels), each, out);
  REQUIRE(m.calls.size() == 2);
  CHECK(m.calls[1].data[0] == x.data() + 16);
  CHECK(m.calls[1].output == out.data() + 16);
  CHECK(m.calls[1].extents == std::vector<std::string>{"[2, 2, 4]", "[2]", "[2]"});
  CHECK(out[3 * 8] == 24 + 4000 + 40);

  model few{{image, time_of_each}, {.most_rows = 3}};
  few.predictor.predict(x, labelled(labels), {}, out);
  REQUIRE(few.calls.size() == 2);
  CHECK(few.calls[1].extents == std::vector<std::string>{"[1, 2, 4]", "[1]"});
  CHECK(out[3 * 8] == 24 + 4000);

  const nf::tensor<float> three = counted({3, 2, 4});
  nf::tensor<float> other{three.extents()};
  CHECK(
      message_of([&] { m.predictor.predict(three, at_100, each, other); }) ==
      "recorder: input 'sample': shape [3, 2, 4] in 1 branches is 3 rows; allowed: float32 [2, 2, 4]: a multiple of 2 "
      "rows");
}

TEST_CASE("time is fed as the network declares it: whole or real, per sample, one for all or without an axis") {
  const nf::tensor<float> x = counted({2, 2, 4});
  nf::tensor<float> out{x.extents()};
  const double labels[] = {100, 250};
  for (const element_type type : {element_type::float32, element_type::float64, element_type::float16,
                                  element_type::bfloat16, element_type::int64, element_type::int32}) {
    model m{{image, array("t", type, {-1})}};
    m.predictor.predict(x, labelled(labels), {}, out);
    CHECK(out[8] == 258);
    model scalar{{image, array("t", type, {})}};
    scalar.predictor.predict(x, at_100, {}, out);
    CHECK(scalar.calls[0].extents[1] == "[]");
    CHECK(out[8] == 108);
    model one{{image, array("t", type, {1})}};
    one.predictor.predict(x, at_100, {}, out);
    CHECK(one.calls[0].extents[1] == "[1]");
    one.predictor.predict(x, labelled(labels), {}, out);  // times differ: sample by sample
    CHECK(one.calls.size() == 3);
    CHECK(out[8] == 258);
  }
  model said{{image, array("t", element_type::float32, {-1})}, {.time_is = nf::time_shape::scalar}};
  said.predictor.predict(x, at_100, {}, out);
  CHECK(said.calls[0].extents[1] == "[]");
}

TEST_CASE("a label between whole numbers is refused by a time in whole numbers, or rounded where that is asked for") {
  const nf::tensor<float> x = counted({1, 2, 4});
  nf::tensor<float> out{x.extents()};
  const double between[] = {499.625};
  model strict{{image, time_of_each}};
  CHECK(
      message_of([&] { strict.predictor.predict(x, labelled(between), {}, out); }) ==
      "recorder: input 'timestep': takes int64, and the label is 499.625000; allowed: whole labels (whole_labels{...} "
      "around the spacing), or network_options::round_labels");
  model rounding{{image, time_of_each}, {.round_labels = true}};
  rounding.predictor.predict(x, labelled(between), {}, out);
  CHECK(out[0] == 500);
}

TEST_CASE("other types than the network's are converted on the way, 16-bit outputs are written as they are") {
  const auto narrow_in = array("sample", element_type::float16, {-1, 2, 4});
  const auto narrow_out = array("out_sample", element_type::float16, {-1, 2, 4});
  const nf::tensor<float> x = counted({2, 2, 4});
  nf::tensor<float> out{x.extents()};
  model<float> widened{{narrow_in, time_of_each}, {}, narrow_out};
  widened.predictor.predict(x, at_100, {}, out);
  CHECK(out[15] == 115);

  nf::tensor<nf::half> halves{x.extents()};
  model<float, nf::half> as_is{{narrow_in, time_of_each}, {}, narrow_out};
  as_is.predictor.predict(x, at_100, {}, halves);
  CHECK(as_is.calls[0].output == halves.data());
  CHECK(static_cast<float>(halves[15]) == 115);

  nf::tensor<double> wide{x.extents()}, wide_out{x.extents()};
  wide[3] = 0.5;
  model<double> doubles{{image, time_of_each}};
  doubles.predictor.predict(wide, at_100, {}, wide_out);
  CHECK(wide_out[3] == 100.5);

  const auto hidden = array("hidden", element_type::bfloat16, {-1, 2});
  const auto mask = array("mask", element_type::boolean, {-1, 2});
  model conditioned{{image, time_of_each, hidden, mask}};
  conditioned.predictor.predict(
      x, at_100, {{"hidden", std::vector<float>{2, 4}, {1, 2}}, {"mask", std::vector<std::int64_t>{1, 0}, {1, 2}}},
      out);
  CHECK(out[0] == 107);
}

TEST_CASE(
    "a tensor without the batch's axis, or with one row, is for all samples, and one marked whole is fed as it is") {
  const auto hidden = array("hidden", element_type::float32, {-1, -1, 2}, {"batch", "sequence", ""});
  const auto ids = array("ids", element_type::float32, {-1, 1}, {"tokens", ""});
  const auto anything = array("anything", element_type::float32, {-1});
  const nf::tensor<float> x = counted({2, 2, 4});
  nf::tensor<float> out{x.extents()};
  model m{{image, time_of_each, hidden, ids, anything}};
  const std::vector<float> three{1, 1, 1};
  const auto ask = [&](nf::named_tensor h) {
    nf::network_condition c{{"ids", three.data(), {3, 1}}};
    c.add(std::move(h)).add(nf::named_tensor{"anything", std::vector<float>{5, 6}}.whole());
    m.predictor.predict(x, at_100, c, out);
    return m.calls.back().extents;
  };
  const std::vector<std::string> expected{"[2, 2, 4]", "[2]", "[2, 1, 2]", "[3, 1]", "[2]"};
  CHECK(ask({"hidden", std::vector<float>{7, 8}, {1, 2}}) == expected);
  CHECK(ask({"hidden", std::vector<float>{7, 8}, {1, 1, 2}}) == expected);
  CHECK(ask({"hidden", std::vector<float>{7, 8, 9, 10}, {2, 1, 2}}) == expected);
}

TEST_CASE("the output's shape is the network's where it says, and the state's where it does not") {
  model learned{{image, time_of_each}, {}, array("out_sample", element_type::float32, {-1, 4, -1})};
  CHECK(learned.predictor.output_shape({3, 2, 5}) == nf::shape{3, 4, 5});
  CHECK(message_of([&] {
          (void)learned.predictor.output_shape({3, 2});
        }) == "recorder: output 'out_sample': for a state of shape [3, 2]; allowed: float32 [any, 4, any]");
}

TEST_CASE("mistakes are told with the tensor, what it is and what it must be") {
  const auto hidden = array("hidden", element_type::float32, {-1, -1, 8}, {"batch", "sequence", ""});
  const auto label = array("label", element_type::int64, {-1}, {"batch"});
  const nf::tensor<float> x = counted({2, 2, 4});
  nf::tensor<float> out{x.extents()};
  const std::vector<float> values(64);
  model m{{image, time_of_each, hidden, label}};
  const auto said = [&](const nf::tensor<float>& state, const nf::network_condition& c) {
    nf::tensor<float> into{state.extents()};
    return message_of([&] { m.predictor.predict(state, at_100, c, into); });
  };
  const nf::named_tensor good{"label", std::vector<std::int64_t>{1}}, fine{"hidden", values.data(), {1, 3, 8}};
  CHECK(said(counted({2, 3, 4}), {fine, good}) ==
        "recorder: input 'sample': shape [2, 3, 4]; allowed: float32 [batch, 2, width]");
  CHECK(said(counted({2, 8}), {fine, good}) ==
        "recorder: input 'sample': shape [2, 8]; allowed: float32 [batch, 2, width]");
  CHECK(said(x, {good}) ==
        "recorder: input 'hidden': the condition of branch 0 has no tensor of this name; allowed: float32 [batch, "
        "sequence, 8], as named_tensor{\"hidden\", ...}");
  CHECK(
      said(x, {{"hidden", values.data(), {2, 3, 7}}, good}) ==
      "recorder: input 'hidden': shape [2, 3, 7] in the condition of branch 0; allowed: float32 [batch, sequence, 8], "
      "with 1 or 2 as the batch");
  CHECK(said(x, {fine, {"label", std::vector<float>{1}}}) ==
        "recorder: input 'label': float32 in the condition of branch 0; allowed: int64");
  CHECK(said(x, {fine, good, {"labels", std::vector<std::int64_t>{1}}}) ==
        "recorder: condition: 'labels' is no input of the network beside state and time; allowed: 'sample' float32 "
        "[batch, 2, width], 'timestep' int64 [batch], 'hidden' float32 [batch, sequence, 8], 'label' int64 [batch]");
  const nf::network_condition three{fine, good}, five{{"hidden", values.data(), {1, 5, 8}}, good};
  const nf::network_condition* const conditions[] = {&three, &five};
  nf::tensor<float> second{x.extents()};
  const nf::mutable_view<float> outs[] = {out, second};
  CHECK(message_of([&] { m.predictor.predict(x, at_100, conditions, outs); }) ==
        "recorder: input 'hidden': branch 1 has [1, 5, 8] and branch 0 has [1, 3, 8], or other values of what all rows "
        "share; allowed: the same in all branches, or network_options::branches = branch_calls::one_by_one");
  CHECK(message_of([] {
          (void)nf::network_condition{{"a", std::vector<float>{1}}, {"a", std::vector<float>{1}}};
        }) == "network_condition: 'a' twice; allowed: each name once");
  CHECK(message_of([] {
          (void)nf::named_tensor{"a", std::vector<float>{1, 2}, {3}};
        }) == "named_tensor: 'a': 2 elements for [3]; allowed: as many as the extents say");
}

TEST_CASE("state, time and output are found by usual names, by their kind, or as they are named") {
  const auto made = [](std::vector<nf::array_info> in, nf::network_options options = {}) {
    return message_of([&] { (void)model{std::move(in), options}; });
  };
  const auto f = element_type::float32;
  model by_kind{{array("labels", element_type::int64, {-1, 1}), array("noisy", f, {-1, 8}), array("when", f, {-1})}};
  CHECK(by_kind.predictor.call().state().name == "noisy");
  CHECK(by_kind.predictor.call().time()->name == "when");
  model named{{array("a", f, {-1, 8}), array("b", f, {-1, 8}), array("c", f, {-1}), array("d", f, {-1})},
              {.state = "b", .time = "c"}};
  CHECK(named.predictor.call().state().name == "b");
  CHECK(named.predictor.call().time()->name == "c");
  model timeless{{image}};
  CHECK(timeless.predictor.call().time() == nullptr);
  CHECK(made({array("a", f, {-1, 8}), array("b", f, {-1, 8})}) ==
        "recorder: input of the state: cannot be told among 'a' float32 [any, 8], 'b' float32 [any, 8]; allowed: "
        "network_options::state with its name");
  CHECK(made({image}, {.time = "when"}) ==
        "recorder: input of the time: there is none named 'when'; allowed: 'sample' float32 [batch, 2, width]");
  CHECK(made({image, array("timestep", f, {-1, 1})}) ==
        "recorder: input 'timestep': declared as float32 [any, 1]; allowed: a time of rank 0 or 1");
}
