#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

#include <noisefall/predictor/any_predictor.hpp>
#include <noisefall/predictor/callable_predictor.hpp>
#include <noisefall/predictor/counting_predictor.hpp>
#include <noisefall/tensor/span_algebra.hpp>

#include "catch.hpp"

using namespace noisefall;

namespace {

using algebra = span_algebra<float>;
using views = view<float>;
using spans = mutable_view<float>;

const std::array<noise_level, 1> levels{{{3, 0.6, 0.8}}};
const std::array<double, 1> labels{250};
const evaluation at{.levels = levels, .labels = labels};
const shape extents{1, 2};

struct answers {
  std::vector<float> x{1, 2}, out{0, 0}, second{0, 0};
  views state() const { return {x.data(), extents}; }
  spans first_out() { return {out.data(), extents}; }
  spans second_out() { return {second.data(), extents}; }
};

void write(views x, const evaluation& given, double factor, spans out) {
  for (std::size_t e = 0; e < x.size(); ++e) out[e] = static_cast<float>(factor * given.label(0)) * x[e];
}

// A network that takes all conditions in one call and may not be copied.
struct batching {
  using condition = double;
  std::unique_ptr<int> weights = std::make_unique<int>(0);
  int single = 0, batched = 0;
  void predict(views x, const evaluation& given, const double& c, spans out) {
    ++single;
    write(x, given, c, out);
  }
  void predict(views x, const evaluation& given, std::span<const double* const> cs, std::span<const spans> outs) {
    ++batched;
    for (std::size_t k = 0; k < cs.size(); ++k) write(x, given, *cs[k], outs[k]);
  }
  shape output_shape(const shape& state) const { return state.with_extent(1, 2 * state[1]); }
};

struct throwing {
  using condition = no_condition;
  void predict(views, const evaluation&, const no_condition&, spans) { throw std::runtime_error{"lost"}; }
};

using plain = decltype(predictor_from<double>([](views, const evaluation&, const double&, spans) {}));
static_assert(NoisePredictor<plain, algebra> && !BatchPredictor<plain, algebra>);
static_assert(NoisePredictor<counting_predictor<plain>, algebra> &&
              !BatchPredictor<counting_predictor<plain>, algebra>);
static_assert(BatchPredictor<batching, algebra> && BatchPredictor<counting_predictor<batching>, algebra>);
static_assert(BatchPredictor<any_predictor<double, algebra>, algebra>);
static_assert(!NoisePredictor<plain, span_algebra<double>>);
static_assert(!std::is_constructible_v<any_predictor<int, algebra>, plain>);

}  // namespace

TEST_CASE("a callable is a predictor") {
  auto model = predictor_from<double>(
      [](auto x, const evaluation& given, const double& c, auto out) { write(x, given, c, out); });
  answers a;
  model.predict(a.state(), at, 2.0, a.first_out());
  CHECK(a.out == std::vector<float>{500, 1000});
}

TEST_CASE("a callable without a condition is a predictor") {
  int calls = 0;
  auto f = [&calls](views x, const evaluation& given, spans out) {
    ++calls;
    write(x, given, 1, out);
  };
  answers a;
  auto model = predictor_from(f);
  model.predict(a.state(), at, {}, a.first_out());
  CHECK(a.out == std::vector<float>{250, 500});
  auto by_reference = predictor_from(std::ref(f));
  by_reference.predict(a.state(), at, {}, a.second_out());
  CHECK(a.second == a.out);
  CHECK(calls == 2);
}

TEST_CASE("a counting predictor counts calls, evaluations and time, and changes nothing") {
  auto slow = predictor_from<double>([](views x, const evaluation& given, const double& c, spans out) {
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
    write(x, given, c, out);
  });
  counting_predictor counted{slow};
  answers a;
  counted.predict(a.state(), at, 2.0, a.first_out());
  counted.predict(a.state(), at, 3.0, a.second_out());
  CHECK(a.out == std::vector<float>{500, 1000});
  CHECK(a.second == std::vector<float>{750, 1500});
  CHECK(counted.calls() == 2);
  CHECK(counted.evaluations() == 2);
  CHECK(counted.time() >= std::chrono::milliseconds{4});
  CHECK(counted.seconds() >= 0.004);
  counted.reset();
  CHECK(counted.calls() + counted.evaluations() == 0);
  CHECK(counted.seconds() == 0);
}

TEST_CASE("a counting predictor counts one call for all branches, and calls that throw") {
  batching network;
  counting_predictor counted{network};
  answers a;
  const double one = 1, two = 2;
  const std::array<const double*, 2> conditions{&one, &two};
  const std::array<spans, 2> outs{a.first_out(), a.second_out()};
  counted.predict(a.state(), at, std::span<const double* const>{conditions}, std::span<const spans>{outs});
  CHECK(counted.calls() == 1);
  CHECK(counted.evaluations() == 2);
  CHECK(network.batched == 1);
  CHECK(a.second == std::vector<float>{500, 1000});
  CHECK(counted.output_shape(extents) == shape{1, 4});

  throwing lost;
  counting_predictor counted_too{lost};
  CHECK_THROWS_AS(counted_too.predict(a.state(), at, no_condition{}, a.first_out()), std::runtime_error);
  CHECK(counted_too.calls() == 1);
}

TEST_CASE("a predictor chosen at run time gives the numbers of the one it holds") {
  using any = any_predictor<double, algebra>;
  auto f = [](views x, const evaluation& given, const double& c, spans out) { write(x, given, c, out); };
  std::vector<any> models;
  models.emplace_back(predictor_from<double>(f));
  models.emplace_back(batching{});
  for (any& model : models) {
    answers a;
    const double one = 1, two = 2;
    const std::array<const double*, 2> conditions{&one, &two};
    const std::array<spans, 2> outs{a.first_out(), a.second_out()};
    model.predict(a.state(), at, conditions, outs);
    CHECK(a.out == std::vector<float>{250, 500});
    CHECK(a.second == std::vector<float>{500, 1000});
    model.predict(a.state(), at, 3.0, a.first_out());
    CHECK(a.out == std::vector<float>{750, 1500});
  }
  CHECK(models[0].output_shape(extents) == extents);
  CHECK(models[1].output_shape(extents) == shape{1, 4});
}

TEST_CASE("a predictor chosen at run time hands all conditions over in one call where it can") {
  batching network;
  any_predictor<double, algebra> model{counting_predictor{network}};
  answers a;
  const double one = 1;
  const std::array<const double*, 1> conditions{&one};
  const std::array<spans, 1> outs{a.first_out()};
  model.predict(a.state(), at, conditions, outs);
  CHECK(network.batched == 1);
  CHECK(network.single == 0);
}
