#include "catch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <random>
#include <vector>

#include <noisefall/random/philox_source.hpp>
#include <noisefall/tensor/span_algebra.hpp>

using namespace noisefall;
using sizes = std::initializer_list<std::size_t>;

namespace {

template <class T>
using description = pass_description<view<T>, mutable_view<T>>;

// A pass in double, one element at a time, and the sum of absolute terms that bounds its rounding.
struct expected_element {
  double value = 0, outputs[3] = {}, magnitude[4] = {};
};

template <class T>
expected_element by_definition(const description<T>& what, std::size_t sample, std::size_t e) {
  const std::size_t lane = what.weights.lanes() == 1 ? 0 : sample;
  const auto weight = [&](std::size_t row, std::size_t term) {
    return static_cast<double>(static_cast<T>(what.weights.at(row, term, lane)));
  };
  const auto own = [&](std::span<const double> list, double otherwise) {
    return list.empty() ? otherwise : list[list.size() == 1 ? 0 : sample];
  };
  expected_element result;
  const auto add = [&](double& sum, std::size_t row, double w, double x) {
    if (w == 0) return;
    sum += w * x;
    result.magnitude[row] += std::abs(w * x);
  };
  for (std::size_t k = 0; k < what.inputs.size(); ++k)
    add(result.value, 0, weight(0, k), static_cast<double>(what.inputs[k].sample(sample)[e]));
  const double limit = own(what.limit, std::numeric_limits<double>::infinity());
  result.value = std::min(std::max(result.value, -limit), limit) / own(what.divisor, 1);
  result.magnitude[0] /= own(what.divisor, 1);
  double gain = 1;
  if (what.gain != gain_rule::none) {
    const double g = static_cast<double>(what.gain_input.sample(sample)[e]);
    gain = what.gain == gain_rule::factor        ? g
           : what.gain == gain_rule::square_root ? std::sqrt(std::max(g, 0.0))
                                                 : std::exp(what.gain_offset + what.gain_slope * g);
  }
  for (std::size_t o = 0; o < what.outputs.size(); ++o) {
    for (std::size_t k = 0; k < what.inputs.size(); ++k)
      add(result.outputs[o], o + 1, weight(o + 1, k), static_cast<double>(what.inputs[k].sample(sample)[e]));
    if (what.has_value) {
      add(result.outputs[o], o + 1, weight(o + 1, pass_weights::value_term), result.value);
      result.magnitude[o + 1] += std::abs(weight(o + 1, pass_weights::value_term)) * result.magnitude[0];
    }
    for (std::size_t j = 0; j < what.draws.size(); ++j) {
      const double w = weight(o + 1, pass_weights::first_draw + j);
      if (w == 0) continue;
      const auto& draw = what.draws[j];
      double z = 0;
      if (draw.is_filled) {
        z = static_cast<double>(draw.filled.sample(sample)[e]);
      } else {
        std::vector<T> all(what.outputs[o].sample_size());
        increment alone = draw.which;
        alone.first_sample += sample;
        philox{what.seed}.fill(std::span<T>{all}, all.size(), alone);
        z = static_cast<double>(all[e]);
      }
      add(result.outputs[o], o + 1, w * gain, z);
    }
  }
  return result;
}

// Arrays with room between the samples, and everything else a random description points to.
template <class T>
struct random_pass {
  std::vector<std::vector<T>> arrays;
  std::vector<double> weights, limit, divisor;
  description<T> what;

  random_pass(std::mt19937& random, const shape& extents) {
    const auto upto = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n}(random); };
    const auto number = [&] { return std::normal_distribution<double>{}(random); };
    const std::size_t samples = extents.samples(), d = extents.sample_size();
    const bool padded = upto(1) == 1;
    const std::size_t stride = d + (padded ? 5 : 0), count = 1 + upto(7);
    for (std::size_t i = 0; i < 14; ++i) {
      auto& array = arrays.emplace_back(samples * stride);
      for (T& x : array) x = static_cast<T>(number());
    }
    const auto array = [&](std::size_t i) { return mutable_view<T>{arrays[i].data(), extents, stride}; };
    for (std::size_t k = 0; k < count; ++k) what.inputs.push_back(array(k));
    const std::size_t lanes = upto(1) == 0 ? 1 : samples;
    weights.resize(pass_weights::storage_size(lanes));
    for (double& w : weights) w = upto(2) == 0 ? 0 : upto(5) == 0 ? 1 : number();
    what.weights = pass_weights{weights, lanes};
    what.has_value = upto(3) != 0;
    what.stores = what.has_value && upto(1) == 0;
    what.store = array(upto(1) == 0 ? upto(count - 1) : 8);  // in place, or not
    const std::size_t outputs = what.stores ? upto(3) : 1 + upto(2);
    std::vector<std::size_t> free{0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11};
    std::shuffle(free.begin(), free.end(), random);
    for (std::size_t o = 0; o < outputs; ++o) {
      const auto chosen = array(free[o]);
      if (what.stores && chosen.data() == what.store.data()) continue;
      what.outputs.push_back(chosen);
    }
    if (upto(1) == 0) {
      limit.resize(upto(1) == 0 ? 1 : samples);
      for (double& l : limit) l = upto(4) == 0 ? std::numeric_limits<double>::infinity() : 0.1 + std::abs(number());
      if (upto(1) == 0)
        for (std::size_t i = 0; i < limit.size(); ++i) divisor.push_back(0.5 + std::abs(number()));
      what.limit = limit;
      what.divisor = divisor;
    }
    const std::size_t draws = upto(3);
    for (std::size_t j = 0; j < draws; ++j) {
      const increment which{
          .first_sample = upto(9), .step = static_cast<std::uint32_t>(upto(99)), .slot = static_cast<std::uint32_t>(j)};
      what.draws.push_back({which, {}, false});
      if (upto(2) == 0) {
        what.draws.back().filled = array(12);
        what.draws.back().is_filled = true;
      }
    }
    what.seed = upto(1000);
    what.gain = static_cast<gain_rule>(upto(3));
    what.gain_input = array(13);
    what.gain_offset = 0.3 * number();
    what.gain_slope = 0.3 * number();
  }
};

// One input, one weight: the smallest pass.
template <class T>
struct small_pass {
  span_algebra<T> on;
  std::vector<double> storage = std::vector<double>(pass_weights::storage_size(1));
  description<T> what;

  small_pass() { what.weights = pass_weights{storage, 1}; }
  double& weight(std::size_t row, std::size_t term) { return what.weights.at(row, term, 0); }
  void run() { on.pass(what); }
};

}  // namespace

TEMPLATE_TEST_CASE("a pass computes what its description says, in place or not", "", float, double) {
  using T = TestType;
  std::mt19937 random{2024};
  const shape shapes[] = {{1, 1}, {3, 2}, {2, 5}, {5, 63}, {2, 8, 8}, {3, 65}, {2, 7, 16}, {1, 784}, {2, 3, 400}};
  const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (int round = 0; round < 40; ++round)
    for (const shape& extents : shapes) {
      random_pass<T> p{random, extents};
      const std::size_t d = extents.sample_size();
      std::vector<expected_element> expected;
      for (std::size_t sample = 0; sample < extents.samples(); ++sample)
        for (std::size_t e = 0; e < d; ++e) expected.push_back(by_definition(p.what, sample, e));
      span_algebra<T>{}.pass(p.what);
      double worst = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto error = [&](const mutable_view<T>& at, double wanted, double magnitude) {
          const double got = static_cast<double>(at.sample(i / d)[i % d]);
          worst = std::max(worst, std::abs(got - wanted) / (epsilon * (magnitude + 1e-30)));
        };
        if (p.what.stores) error(p.what.store, expected[i].value, expected[i].magnitude[0]);
        for (std::size_t o = 0; o < p.what.outputs.size(); ++o)
          error(p.what.outputs[o], expected[i].outputs[o], expected[i].magnitude[o + 1]);
      }
      INFO("round " << round << ", shape " << to_string(extents));
      CHECK(worst < 12);
    }
}

TEMPLATE_TEST_CASE("the bits of a pass do not depend on the batch", "", float, double) {
  using T = TestType;
  std::mt19937 random{7};
  for (const std::size_t d : sizes{1, 2, 63, 64, 65, 112, 784})
    for (const std::size_t samples : sizes{2, 3, 7, 64, 130}) {
      random_pass<T> batch{random, {samples, d}};
      const std::size_t chosen = samples - 1, lanes = batch.what.weights.lanes();
      // The same pass over copies of one sample alone.
      std::vector<std::vector<T>> copies;
      std::vector<double> weights(pass_weights::storage_size(1));
      description<T> alone = batch.what;
      alone.weights = pass_weights{weights, 1};
      for (std::size_t row = 0; row < pass_weights::rows; ++row)
        for (std::size_t term = 0; term < pass_weights::terms; ++term)
          alone.weights.at(row, term, 0) = batch.what.weights.at(row, term, lanes == 1 ? 0 : chosen);
      copies.reserve(16);
      const auto copy = [&](view<T> of) {
        auto& made = copies.emplace_back(of.sample(chosen), of.sample(chosen) + d);
        return mutable_view<T>{made.data(), {1, d}};
      };
      for (auto& in : alone.inputs) in = copy(in);
      for (auto& out : alone.outputs) out = copy(out);
      for (auto& draw : alone.draws) {
        draw.which.first_sample += chosen;
        if (draw.is_filled) draw.filled = copy(draw.filled);
      }
      alone.store = copy(alone.store);
      alone.gain_input = copy(alone.gain_input);
      if (alone.limit.size() > 1) alone.limit = alone.limit.subspan(chosen, 1);
      if (alone.divisor.size() > 1) alone.divisor = alone.divisor.subspan(chosen, 1);

      span_algebra<T>{}.pass(batch.what);
      span_algebra<T>{}.pass(alone);
      if (alone.stores) CHECK(std::equal(alone.store.data(), alone.store.data() + d, batch.what.store.sample(chosen)));
      for (std::size_t o = 0; o < alone.outputs.size(); ++o)
        CHECK(std::equal(alone.outputs[o].data(), alone.outputs[o].data() + d, batch.what.outputs[o].sample(chosen)));
    }
}

TEMPLATE_TEST_CASE("an input of weight 0 is not read: a NaN in it does no harm", "", float, double) {
  small_pass<TestType> p;
  std::vector<TestType> good(70, 3), bad(70, std::numeric_limits<TestType>::quiet_NaN()), out(70);
  const shape extents{2, 35};
  p.what.inputs = {view<TestType>{bad.data(), extents}, view<TestType>{good.data(), extents}};
  p.what.outputs.push_back({out.data(), extents});
  p.what.draws.push_back({{.step = increment::initial - 1}, {}, false});  // a step that no source has: never drawn
  p.weight(1, 1) = 2;
  p.run();
  CHECK(out == std::vector<TestType>(70, 6));
}

TEMPLATE_TEST_CASE("nor where its weight is 0 for one sample only, be the sample whole vectors or not", "", float,
                   double) {
  using T = TestType;
  const std::size_t lanes = 3;
  for (const std::size_t d : sizes{5, 48, 200}) {
    small_pass<T> p;
    std::vector<T> good(lanes * d, 3), bad(lanes * d, 4), out(lanes * d);
    std::fill_n(bad.begin() + static_cast<std::ptrdiff_t>(d), d, std::numeric_limits<T>::quiet_NaN());
    std::vector<double> storage(pass_weights::storage_size(lanes));
    p.what.weights = pass_weights{storage, lanes};
    const shape extents{lanes, d};
    p.what.inputs = {view<T>{bad.data(), extents}, view<T>{good.data(), extents}};
    p.what.outputs.push_back({out.data(), extents});
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      p.what.weights.at(1, 0, lane) = lane == 1 ? 0 : 10;
      p.what.weights.at(1, 1, lane) = static_cast<double>(lane);
    }
    p.run();
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::size_t lane = i / d;
      CHECK(out[i] == static_cast<T>(lane == 1 ? 3 : 40 + 3 * lane));
    }
  }
}

TEST_CASE("a single term of weight 1 copies bits") {
  small_pass<float> p;
  std::vector<float> in{-0.0f, 1e-42f, std::numeric_limits<float>::infinity(), std::bit_cast<float>(0x7fe12345u)},
      out(4);
  p.what.inputs.push_back({in.data(), {1, 4}});
  p.what.outputs.push_back({out.data(), {1, 4}});
  p.weight(1, 0) = 1;
  p.run();
  for (std::size_t i = 0; i < in.size(); ++i)
    CHECK(std::bit_cast<std::uint32_t>(out[i]) == std::bit_cast<std::uint32_t>(in[i]));
}

TEST_CASE("an output without terms is 0") {
  small_pass<float> p;
  std::vector<float> out(600, 5);
  p.what.outputs.push_back({out.data(), {1, 600}});
  p.run();
  CHECK(out == std::vector<float>(600, 0));
}

TEST_CASE("a clamp leaves a NaN visible") {
  small_pass<double> p;
  std::vector<double> in{std::nan(""), -9, 9}, out(3);
  const double limit[] = {2}, divisor[] = {4};
  p.what.inputs.push_back({in.data(), {1, 3}});
  p.what.has_value = p.what.stores = true;
  p.what.store = {out.data(), {1, 3}};
  p.what.limit = limit;
  p.what.divisor = divisor;
  p.weight(0, 0) = 1;
  p.run();
  CHECK(std::isnan(out[0]));
  CHECK(out[1] == -0.5);
  CHECK(out[2] == 0.5);
}

TEST_CASE("two arrays may change places in one pass") {
  small_pass<float> p;
  std::vector<float> a(1000, 1), b(1000, 2);
  const mutable_view<float> at_a{a.data(), {1, 1000}}, at_b{b.data(), {1, 1000}};
  p.what.inputs = {at_a, at_b};
  p.what.outputs = {at_a, at_b};
  p.weight(1, 1) = 1;
  p.weight(2, 0) = 1;
  p.run();
  CHECK(a == std::vector<float>(1000, 2));
  CHECK(b == std::vector<float>(1000, 1));
}

TEST_CASE("noise of weight 1 in a pass is philox's noise") {
  small_pass<float> p;
  std::vector<float> out(3 * 100), expected(out);
  const increment which{.first_sample = 4, .step = 6, .slot = 2};
  p.what.outputs.push_back({out.data(), {3, 100}});
  p.what.draws.push_back({which, {}, false});
  p.what.seed = 12;
  p.weight(1, pass_weights::first_draw) = 1;
  p.run();
  philox{12}.fill(std::span<float>{expected}, 100, which);
  CHECK(out == expected);
}

TEST_CASE("a pass over an empty batch does nothing") {
  small_pass<float> p;
  p.what.outputs.push_back({nullptr, {0, 10}});
  p.what.draws.push_back({{.step = 0}, {}, false});
  p.weight(1, pass_weights::first_draw) = 1;
  CHECK_NOTHROW(p.run());
}

TEST_CASE("a pass refuses arrays and lanes that do not fit, and says what would") {
  small_pass<float> p;
  std::vector<float> a(12);
  p.what.outputs.push_back({a.data(), {2, 6}});
  p.what.inputs.push_back({a.data(), {3, 4}});
  CHECK_THROWS_WITH(p.run(), Catch::Matchers::ContainsSubstring("[3, 4]") &&
                                 Catch::Matchers::ContainsSubstring("2 samples of 6 elements"));
  std::vector<double> storage(pass_weights::storage_size(3));
  p.what.inputs.clear();
  p.what.weights = pass_weights{storage, 3};
  CHECK_THROWS_WITH(p.run(),
                    Catch::Matchers::ContainsSubstring("3 lanes") && Catch::Matchers::ContainsSubstring("1 or 2"));
}
