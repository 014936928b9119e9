// Arrays of xtensor as states: what they look at, what they refuse, and that nothing is copied.
#include <noisefall/adapters/xtensor.hpp>

#include <cstddef>
#include <cstring>
#include <type_traits>

#include <noisefall/noisefall.hpp>

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xview.hpp>
#endif

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;

namespace {

// eps of N(1, 0.25), by plain loops and by xtensor.
constexpr double mean = 1, variance = 0.25;
double gain(const nf::noise_level& at) { return at.sigma / (at.alpha * at.alpha * variance + at.sigma * at.sigma); }

struct loop_model {
  using condition = nf::no_condition;
  void predict(nf::view<float> x, const nf::evaluation& at, nf::no_condition, nf::mutable_view<float> out) {
    const auto level = at.level(0);
    const auto scale = static_cast<float>(gain(level)), shift = static_cast<float>(level.alpha * mean);
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = scale * (x[i] - shift);
  }
};

template <std::size_t Rank>
struct xtensor_model {
  using condition = nf::no_condition;
  void predict(nf::view<float> x, const nf::evaluation& at, nf::no_condition, nf::mutable_view<float> out) {
    const auto level = at.level(0);
    auto eps = nf::as_xtensor<Rank>(out);
    xt::noalias(eps) =
        static_cast<float>(gain(level)) * (nf::as_xtensor<Rank>(x) - static_cast<float>(level.alpha * mean));
  }
};

const nf::sampler& sampler() {
  static const nf::sampler made{nf::dpm_pp_2m{}, nf::linear{}, nf::karras{.steps = 8}};
  return made;
}

template <class Array>
std::string refusal(Array& array) {
  try {
    nf::view_of(array);
  } catch (const nf::error& e) {
    return e.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("an xarray and an xtensor are states, with the bits of a tensor") {
  nf::tensor<float> plain({3, 2, 5});
  loop_model by_loops;
  sampler()(by_loops, plain, {.seed = 4});

  xt::xarray<float> array = xt::zeros<float>({3, 2, 5});
  xtensor_model<0> any_rank;
  const auto result = sampler()(any_rank, nf::view_of(array), {.seed = 4});
  CHECK(result.how == nf::outcome::finished);
  CHECK(std::memcmp(array.data(), plain.data(), sizeof(float) * plain.size()) == 0);

  xt::xtensor<float, 3> fixed = xt::zeros<float>({3, 2, 5});
  xtensor_model<3> rank_3;
  sampler()(rank_3, nf::view_of(fixed), {.seed = 4});
  CHECK(std::memcmp(fixed.data(), plain.data(), sizeof(float) * plain.size()) == 0);
}

TEST_CASE("a view of an xtensor refers to its elements and has its shape") {
  xt::xtensor<double, 4> array = xt::zeros<double>({2, 1, 3, 4});
  const auto view = nf::view_of(array);
  STATIC_REQUIRE(std::is_same_v<decltype(view), const nf::mutable_view<double>>);
  CHECK(view.data() == array.data());
  CHECK(view.extents() == nf::shape{2, 1, 3, 4});
  CHECK(view.contiguous());
  view.sample(1)[5] = 7;
  CHECK(array(1, 0, 1, 1) == 7);

  const auto& unchangeable = array;
  STATIC_REQUIRE(std::is_same_v<decltype(nf::view_of(unchangeable)), nf::view<double>>);
  CHECK(nf::view_of(unchangeable).data() == array.data());
}

TEST_CASE("extents of 1 and of 0 are no obstacle, as xtensor gives them strides of its own") {
  xt::xarray<float> one = xt::zeros<float>({1, 1, 6, 1}), none = xt::zeros<float>({0, 4});
  CHECK(nf::view_of(one).extents() == nf::shape{1, 1, 6, 1});
  CHECK(nf::view_of(one).contiguous());
  CHECK(nf::view_of(none).extents() == nf::shape{0, 4});
}

TEST_CASE("some of the channels of a batch of xtensor are a view with gaps, which a network may answer with") {
  xt::xtensor<float, 3> array = xt::zeros<float>({3, 4, 5});
  auto channels = xt::view(array, xt::all(), xt::range(1, 3), xt::all());
  const auto view = nf::view_of(channels);
  CHECK(view.data() == &array(0, 1, 0));
  CHECK(view.sample(2) == &array(2, 1, 0));
  CHECK(view.extents() == nf::shape{3, 2, 5});
  CHECK(view.sample_stride() == 20);

  nf::tensor<float> expected({3, 2, 5}), x({3, 2, 5});
  auto model = nf::predictor_from([](nf::view<float> state, const nf::evaluation&, nf::mutable_view<float> out) {
    xt::noalias(nf::as_xtensor<3>(out)) = 0.5f * nf::as_xtensor<3>(state);
  });
  sampler()(model, expected, {.seed = 4});
  auto run = sampler().start(x, {.seed = 4});
  while (const auto* request = run.next()) {
    xt::noalias(channels) = 0.5f * nf::as_xtensor<3>(request->state);
    const nf::view<float> answers[] = {view};
    run.answer(answers);
  }
  CHECK(std::memcmp(x.data(), expected.data(), x.size() * sizeof(float)) == 0);
}

TEST_CASE("an array of xtensor that is not row-major within its samples is refused with its strides") {
  xt::xarray<float, xt::layout_type::dynamic> turned({2, 3, 4}, xt::layout_type::column_major);
  CHECK_THAT(refusal(turned), ContainsSubstring("view_of: an xtensor of shape [2, 3, 4] with strides [1, 2, 6]; "
                                                "allowed: samples that are row-major, without gaps"));
  xt::xtensor<float, 3> array = xt::zeros<float>({2, 3, 4});
  auto columns = xt::view(array, xt::all(), xt::all(), xt::range(0, 2));
  CHECK_THAT(refusal(columns), ContainsSubstring("with strides [12, 4, 1]"));
  auto every_other = xt::view(array, xt::all(), xt::all(), xt::range(0, 4, 2));
  CHECK_THAT(refusal(every_other), ContainsSubstring("with strides [12, 4, 2]"));
  xt::xarray<float> number = 3;
  CHECK_THAT(refusal(number), ContainsSubstring("shape: rank 0; allowed: 1 to 8 extents, samples first"));
  xt::xarray<float> deep = xt::zeros<float>({1, 1, 1, 1, 1, 1, 1, 1, 2});
  CHECK_THAT(refusal(deep), ContainsSubstring("shape: rank 9"));
}

TEST_CASE("a batch as an array of xtensor refers to its elements") {
  nf::tensor<float> batch({2, 3});
  auto array = nf::as_xtensor(batch);
  auto fixed = nf::as_xtensor<2>(batch);
  CHECK(array.data() == batch.data());
  CHECK(fixed.data() == batch.data());
  fixed(1, 2) = 5;
  CHECK(array(1, 2) == 5);
  CHECK(nf::as_xtensor(std::as_const(batch))(1, 2) == 5);
  CHECK(nf::view_of(fixed).extents() == nf::shape{2, 3});
}

TEST_CASE("a batch of another rank, with gaps or of 16-bit numbers is no array of xtensor") {
  nf::tensor<float> batch({2, 4});
  CHECK_THROWS_WITH(nf::as_xtensor<3>(batch), "as_xtensor: a batch of shape [2, 4]; allowed: rank 3, as asked for");
  CHECK_THROWS_WITH(nf::as_xtensor(nf::mutable_view<float>(batch.data(), {2, 2}, 4)),
                    "as_xtensor: a view with gaps between its samples; allowed: a contiguous view");
  nf::tensor<nf::half> narrow({2, 4});
  const nf::view<float> widened = nf::view<nf::half>{narrow};
  CHECK_THROWS_WITH(nf::as_xtensor(widened),
                    "as_xtensor: a view that widens 16-bit numbers; allowed: numbers of the view's own type");
}
