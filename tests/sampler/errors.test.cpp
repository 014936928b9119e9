// Bad input gets a sentence that says where, what and what is allowed, before anything runs.
#include <limits>
#include <vector>

#include <noisefall/sampler/perturb.hpp>
#include <noisefall/schedule/linear.hpp>
#include <noisefall/solver/euler.hpp>
#include <noisefall/trajectory/karras.hpp>
#include <noisefall/trajectory/leading.hpp>

#include "catch.hpp"
#include "laws/support.hpp"

using namespace laws;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<nf::noise_level> levels(std::initializer_list<double> sigmas) {
  std::vector<nf::noise_level> made;
  for (const double s : sigmas) made.push_back({s, 1, s});
  return made;
}

const nf::sampler plain{nf::ddim{}, schedule, path()};

}  // namespace

TEST_CASE("Levels that rise or repeat are refused, unless the trajectory is built to") {
  CHECK_THROWS_WITH(nf::trajectory{levels({3, 4, 1})}, ContainsSubstring("trajectory: leg 0: rises") &&
                                                           ContainsSubstring("from 3") && ContainsSubstring("to 4") &&
                                                           ContainsSubstring("inversion, renoise or compat"));
  CHECK_THROWS_WITH(nf::trajectory{levels({3, 2, 2})}, ContainsSubstring("trajectory: leg 1: repeats a level"));
  const auto up = levels({1, 2});
  CHECK_NOTHROW(nf::trajectory{{{up[0], up[1]}}, nf::trajectory_kind::inversion});
  CHECK_NOTHROW(nf::trajectory{{{up[0], up[1]}}, nf::trajectory_kind::renoise});
  CHECK_NOTHROW(nf::trajectory{{{up[0], up[1]}, {up[0], up[0]}}, nf::trajectory_kind::compat});
  CHECK_THROWS_WITH((nf::trajectory{{{up[1], up[0]}}, nf::trajectory_kind::inversion}),
                    ContainsSubstring("does not rise"));
}

TEST_CASE("A trajectory needs two levels of finite noise") {
  CHECK_THROWS_WITH(nf::trajectory{levels({3})}, ContainsSubstring("1 levels") && ContainsSubstring("two levels"));
  CHECK_THROWS_WITH(nf::trajectory{levels({std::numeric_limits<double>::quiet_NaN(), 1})},
                    ContainsSubstring("leg 0") && ContainsSubstring("sigma nan"));
}

TEST_CASE("No steps, and more steps than a discrete schedule has, are refused") {
  CHECK_THROWS_WITH(nf::karras{.steps = 0}(schedule), ContainsSubstring("steps") && ContainsSubstring("1"));
  CHECK_THROWS_WITH(nf::leading{.steps = 2000}(nf::linear{}),
                    ContainsSubstring("2000") && ContainsSubstring("1 to 1000"));
}

TEST_CASE("Orders that a solver does not have are refused by name") {
  for (const int order : {0, 9}) {
    CHECK_THROWS_WITH((nf::sampler{nf::unipc{.order = order}, schedule, path()}),
                      ContainsSubstring("unipc.order") && ContainsSubstring(std::to_string(order)) &&
                          ContainsSubstring("1 to 4"));
    CHECK_THROWS_WITH((nf::sampler{nf::dpm_multistep{.order = order}, schedule, path()}),
                      ContainsSubstring("dpm_multistep.order") && ContainsSubstring("1 to 3"));
    CHECK_THROWS_WITH((nf::sampler{nf::dpm_adaptive{.order = order}, schedule, path()}),
                      ContainsSubstring("dpm_adaptive.order") && ContainsSubstring("2 to 3"));
  }
}

TEST_CASE("NaN in a parameter or in the given state is refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH((nf::sampler{nf::ddim{.eta = nan}, schedule, path()}), ContainsSubstring("ddim.eta"));
  nf::tensor<float> x({1, 4});
  x[2] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(plain.start(nf::mutable_view<float>{x}, {.start = nf::start_from::given}),
                    ContainsSubstring("run: state") && ContainsSubstring("NaN or infinity"));
}

TEST_CASE("Shapes that do not fit are refused") {
  std::vector<float> numbers(7);
  CHECK_THROWS_WITH((nf::mutable_view<float>{std::span{numbers}, nf::shape{2, 4}}),
                    ContainsSubstring("7 elements for shape [2, 4]") && ContainsSubstring("8 elements"));
  nf::tensor<float> x({2, 4}), wrong({2, 5});
  auto run = plain.start(nf::mutable_view<float>{x}, {});
  REQUIRE(run.next() != nullptr);
  const std::vector<nf::view<float>> outputs{wrong};
  CHECK_THROWS_WITH(run.answer(outputs), ContainsSubstring("output 0 of shape [2, 5]") && ContainsSubstring("[2, 4]"));
  CHECK_THROWS_WITH(run.answer(std::span<const nf::view<float>>{}),
                    ContainsSubstring("0 outputs") && ContainsSubstring("1, one per branch"));
  CHECK_THROWS_WITH(nf::perturb<float>(x, wrong, std::vector<nf::noise_level>(1), nf::mutable_view<float>{x}),
                    ContainsSubstring("perturb") && ContainsSubstring("[2, 5]"));
  nf::tensor<float> none(nf::shape{0, 4});
  CHECK_THROWS_WITH(plain.start(nf::mutable_view<float>{none}, {}), ContainsSubstring("[0, 4]"));
}

TEST_CASE("Answering what was not asked is refused") {
  nf::tensor<float> x({2, 4});
  auto run = plain.start(nf::mutable_view<float>{x}, {});
  CHECK_THROWS_WITH(run.answer(), ContainsSubstring("nothing was asked") && ContainsSubstring("next() first"));
}

TEST_CASE("A solver that needs variances says so when the network has none") {
  const nf::sampler learned{nf::ddpm{.variance = nf::ddpm::variance_kind::learned_range}, schedule, path()};
  nf::tensor<float> x({2, 4});
  CHECK_THROWS_WITH(learned.start(nf::mutable_view<float>{x}, {}),
                    ContainsSubstring("variance") && ContainsSubstring("twice the channels"));
}

namespace {

struct lazy {
  using condition = double;
  bool works = false;
  void predict(nf::view<float> x, const nf::evaluation&, const double&, nf::mutable_view<float> out) {
    if (works)
      for (std::size_t i = 0; i < x.size(); ++i) out[i] = x[i] / 2;
  }
};

}  // namespace

TEST_CASE("A predictor that writes nothing is caught in checked runs, and nothing is lost") {
  lazy model;
  nf::tensor<float> x({1, 8}), expected({1, 8});
  nf::run_options<double> options{.seed = 4, .checked = true};
  auto run = plain.start(nf::mutable_view<float>{x}, {.seed = 4, .checked = true});
  CHECK_THROWS_WITH(nf::step(run, model, options), ContainsSubstring("predictor: step 0") &&
                                                       ContainsSubstring("does not write") &&
                                                       ContainsSubstring("every element written"));
  CHECK(run.steps_done() == 0);
  model.works = true;
  CHECK(nf::finish(run, model, options, nf::ignore_steps{}).how == nf::outcome::finished);
  plain(model, expected, options);
  CHECK(same_bits(x, expected));
}

TEST_CASE("A network that returns NaN ends as diverged where runs are not checked") {
  struct broken {
    using condition = double;
    void predict(nf::view<float> x, const nf::evaluation&, const double&, nf::mutable_view<float> out) {
      for (std::size_t i = 0; i < x.size(); ++i) out[i] = std::numeric_limits<float>::quiet_NaN();
    }
  } model;
  nf::tensor<float> x({1, 8});
  CHECK(plain(model, x, {.seed = 4, .checked = false}).how == nf::outcome::diverged);
}
