#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <noisefall/noisefall.hpp>
#include <noisefall/predictor/counting_predictor.hpp>
#include <noisefall/tensor/parallel_algebra.hpp>

using namespace noisefall;

namespace {

// What a network with 16-bit outputs would answer, as such numbers or as they are after widening.
template <class T, class Narrow>
Narrow output_at(view<T> x, std::size_t i, const evaluation& at, double c) {
  const double sigma = at.level(0).sigma;
  return Narrow{static_cast<float>(0.5 * std::sin(3 * c + static_cast<double>(i % 7)) +
                                   0.4 * sigma * std::tanh(static_cast<double>(x[i])))};
}

template <class T, class Narrow>
struct narrow_network {
  using condition = double;
  using output_type = Narrow;
  bool skips_one = false;
  void predict(view<T> x, const evaluation& at, double c, mutable_view<Narrow> out) const {
    for (std::size_t i = skips_one ? 1 : 0; i < out.size(); ++i) out[i] = output_at<T, Narrow>(x, i % x.size(), at, c);
  }
  shape output_shape(const shape& state) const { return parts == 1 ? state : state.with_extent(1, 2 * state[1]); }
  std::size_t parts = 1;
};

template <class T, class Narrow>
struct wide_network {
  using condition = double;
  void predict(view<T> x, const evaluation& at, double c, mutable_view<T> out) const {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<T>(static_cast<float>(output_at<T, Narrow>(x, i % x.size(), at, c)));
  }
  shape output_shape(const shape& state) const { return parts == 1 ? state : state.with_extent(1, 2 * state[1]); }
  std::size_t parts = 1;
};

template <class T, class Model>
std::vector<T> sampled(const sampler& sample, Model model, bool parallel = false) {
  tensor<T> x({3, 2, 5, 7});
  const run_options<double> options{.seed = 7, .checked = true, .conditional = 1, .unconditional = 2};
  if (parallel)
    sample(parallel_algebra<T, const in_this_thread>{in_this_thread{}, {.linear = 0, .noise = 0, .chunk = 64}}, model,
           mutable_view<T>{x}, options);
  else
    sample(model, x, options);
  return {x.data(), x.data() + x.size()};
}

template <class T, class Narrow>
void check_same_bits() {
  const auto guided = guidance_scale(3);
  const sampler samplers[] = {
      {dpm_pp_2m{}, linear{}, karras{.steps = 6}, guided, predicts_eps{}, static_threshold(1)},
      {dpm_pp_2m{}, linear{}, karras{.steps = 6}, rescale{.weight = 2}, predicts_v{}},
      {unipc{}, linear{}, karras{.steps = 6}, guided, predicts_eps{}, dynamic_threshold(0.9)},
      {ddpm{}, linear{}, trailing{.steps = 6}},
      {dpm_adaptive{}, linear{}, karras{.steps = 6, .end = final_level::sigma_min}, guided},
  };
  for (const sampler& sample : samplers) {
    const auto narrow = sampled<T>(sample, narrow_network<T, Narrow>{});
    CHECK(narrow == sampled<T>(sample, wide_network<T, Narrow>{}));
    CHECK(narrow == sampled<T>(sample, narrow_network<T, Narrow>{}, true));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("16-bit outputs with learned variances give the bits of their widened values", "", half, bfloat16) {
  const sampler sample{ddpm{.variance = ddpm::variance_kind::learned_range}, linear{}, trailing{.steps = 6}};
  CHECK(sampled<float>(sample, narrow_network<float, TestType>{.parts = 2}) ==
        sampled<float>(sample, wide_network<float, TestType>{.parts = 2}));
}

TEST_CASE("a checked run sees a half that the network did not write") {
  const sampler sample{dpm_pp_2m{}, linear{}, karras{.steps = 3}};
  CHECK_THROWS_AS(sampled<float>(sample, narrow_network<float, half>{.skips_one = true}), error);
}

TEST_CASE("a counted network keeps its type of outputs") {
  narrow_network<float, half> model;
  counting_predictor counted{model};
  static_assert(NoisePredictor<decltype(counted), span_algebra<float>>);
  static_assert(!NoisePredictor<wide_network<double, half>, span_algebra<float>>);
  tensor<float> x({1, 1, 4, 4}), y({1, 1, 4, 4});
  const sampler sample{dpm_pp_2m{}, linear{}, karras{.steps = 4}};
  sample(counted, x, {.seed = 1});
  sample(model, y, {.seed = 1});
  CHECK(counted.evaluations() == 4);
  CHECK(std::equal(x.data(), x.data() + x.size(), y.data()));
}

TEST_CASE("a network's halves and bfloat16s give the bits of their widened values") {
  SECTION("halves, float") { check_same_bits<float, half>(); }
  SECTION("bfloat16s, float") { check_same_bits<float, bfloat16>(); }
  SECTION("halves, double") { check_same_bits<double, half>(); }
  SECTION("bfloat16s, double") { check_same_bits<double, bfloat16>(); }
}
