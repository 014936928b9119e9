// Bad input gets a sentence that says where, what and what is allowed, before anything runs.
#include <algorithm>
#include <limits>
#include <vector>

#include <noisefall/random/recorded.hpp>
#include <noisefall/random/torch_cpu.hpp>
#include <noisefall/sampler/perturb.hpp>
#include <noisefall/schedule/edm.hpp>
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
    CHECK_THROWS_WITH(
        (nf::sampler{nf::unipc{.order = order}, schedule, path()}),
        ContainsSubstring("unipc.order") && ContainsSubstring(std::to_string(order)) && ContainsSubstring("1 to 4"));
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

TEST_CASE("An inversion does not overwrite the image that it starts from") {
  const auto up = levels({1, 2});
  const nf::sampler inverts{nf::ddim{}, nf::edm{}, nf::trajectory{{{up[0], up[1]}}, nf::trajectory_kind::inversion}};
  network<> model;
  nf::tensor<float> x({1, 2});
  x[0] = 5;
  CHECK_THROWS_WITH(inverts(model, x, guided),
                    ContainsSubstring("run: start") && ContainsSubstring("start_from::given"));
  CHECK(x[0] == 5);
}

TEST_CASE("Image to image starts at alpha * image + sigma * noise") {
  const nf::noise_level from = schedule.at(schedule.time_of(0.3));
  const nf::sampler partial{nf::ddim{}, schedule, nf::trajectory{std::vector<nf::noise_level>{from, {0, 1, 0}}}};
  nf::tensor<double> x({1, 3}), noise({1, 3});
  for (double& v : x.elements()) v = 2;
  nf::philox{9}.fill(noise.elements(), 3, nf::increment{});
  const auto run = partial.start(x, {.seed = 9, .start = nf::start_from::image});
  CHECK(run.state()[1] == Approx(2 * from.alpha + from.sigma * noise[1]).epsilon(1e-14));
}

namespace {

struct third_branch {
  static constexpr auto space = nf::guidance_space::output;
  void check() const {}
  nf::branch_set needs(const nf::guidance_position&) const { return {0, 3}; }
  nf::branch_weights weights(const nf::guidance_position&) const { return {.guided = {1.5, 0, 0, -0.5}}; }
  std::vector<double> breakpoints() const { return {}; }
};

}  // namespace

TEST_CASE("A guidance over a branch without a condition is refused") {
  const nf::sampler sample{nf::ddim{}, schedule, path(), third_branch{}};
  network<> model;
  nf::tensor<float> x({1, 2});
  CHECK_THROWS_WITH(sample(model, x, guided), ContainsSubstring("branch 3") && ContainsSubstring("further"));
  const std::vector<double> further{0.1, 0.2};
  auto options = guided;
  options.further = further;
  CHECK(sample(model, x, options).how == nf::outcome::finished);
}

namespace {

struct rows_over_nothing {
  nf::row result{};
  int order() const { return 1; }
  std::size_t history() const { return 1; }
  void check() const {}
  nf::step_plan plan(const nf::step_window& window) const {
    nf::step_plan p;
    p.evaluations.push_back({.at = window.at.from});
    p.result = result;
    return p;
  }
};

}  // namespace

TEST_CASE("A solver's rows over what is not there are refused before anything runs") {
  nf::row past, now, previous;
  past.past[0] = 1;
  now.now[1] = 1;
  previous.previous = 1;
  CHECK_THROWS_WITH((nf::sampler{rows_over_nothing{past}, schedule, path()}),
                    ContainsSubstring("leg 0") && ContainsSubstring("not remembered"));
  CHECK_THROWS_WITH((nf::sampler{rows_over_nothing{now}, schedule, path()}), ContainsSubstring("not there yet"));
  CHECK_THROWS_WITH((nf::sampler{rows_over_nothing{previous}, schedule, path()}), ContainsSubstring("it kept none"));
}

TEST_CASE("Noise that cannot serve the solver is refused before anything runs") {
  const nf::sampler sde{nf::dpm_pp_sde{}, schedule, path()};
  nf::tensor<double> x({1, 2});
  CHECK_THROWS_WITH(sde.start(nf::mutable_view<double>{x}, {}, nf::torch_cpu{}),
                    ContainsSubstring("torch_cpu: slot 1"));
  const nf::recorded_noise<double> one_step{{{.values = {1, 2}}, {.step = 0, .values = {1, 2}}}};
  const nf::sampler ancestral{nf::ddim{.eta = 1}, schedule, path()};
  CHECK_THROWS_WITH(ancestral.start(nf::mutable_view<double>{x}, {}, one_step),
                    ContainsSubstring("no draw for step 1"));
}

TEST_CASE("Looking at what a run does not keep, or is not asked to, is refused") {
  nf::tensor<float> x({1, 2});
  auto run = plain.start(x);
  CHECK_THROWS_WITH(run.denoised(), ContainsSubstring("keep_denoised"));
  std::vector<float> gaps(8);
  CHECK_THROWS_WITH(plain.start(nf::mutable_view<float>{gaps.data(), {2, 2}, 4}), ContainsSubstring("gaps"));
}

TEST_CASE("An adaptive run that cannot go on ends as diverged, it does not hang") {
  struct broken {
    using condition = double;
    void predict(nf::view<float> x, const nf::evaluation&, const double&, nf::mutable_view<float> out) {
      for (std::size_t i = 0; i < x.size(); ++i) out[i] = std::numeric_limits<float>::quiet_NaN();
    }
  } model;
  nf::tensor<float> x({1, 8});
  for (const auto rule : {nf::dpm_adaptive::control::pid, nf::dpm_adaptive::control::power}) {
    const nf::sampler sample{nf::dpm_adaptive{.controller = rule}, schedule, path(1)};
    CHECK(sample(model, x, {.checked = false}).how == nf::outcome::diverged);
  }
  network<> good;
  const nf::sampler impossible{nf::dpm_adaptive{.atol = 1e-300, .rtol = 0}, schedule, path(1)};
  CHECK(impossible(good, x, guided).how == nf::outcome::diverged);
}

TEST_CASE("Two jumps of a weight take two levels, however near") {
  const nf::classifier_free rule{.weight = nf::weight_schedule::piecewise(2, {{3.1, 1}, {2.9, 0}})};
  const nf::sampler sample{nf::ddim{}, nf::edm{}, nf::trajectory{levels({10, 6, 3.3, 2.7, 1})}, rule};
  std::vector<double> kept;
  for (const nf::leg& l : sample.path().legs()) kept.push_back(l.from.rho());
  CHECK(std::count_if(kept.begin(), kept.end(), [](double s) { return std::abs(s - 3.1) < 1e-9; }) == 1);
  CHECK(std::count_if(kept.begin(), kept.end(), [](double s) { return std::abs(s - 2.9) < 1e-9; }) == 1);
}

namespace {

// Six branches, a momentum and a map: more arrays than one pass takes.
struct six_branches {
  static constexpr auto space = nf::guidance_space::x0;
  static constexpr bool has_state = true;
  void check() const {}
  nf::branch_set needs(const nf::guidance_position&) const { return {0, 1, 2, 3, 4, 5}; }
  nf::branch_weights weights(const nf::guidance_position&) const {
    return {.guided = {1.5, -0.2, 0.1, -0.2, 0.1, -0.3}, .next = {1, -1}, .guided_state = 0.1, .next_state = -0.5};
  }
  std::vector<double> breakpoints() const { return {}; }
};

// Wants a second branch in the middle, and does not say so.
struct silent_window {
  static constexpr auto space = nf::guidance_space::output;
  void check() const {}
  nf::branch_set needs(const nf::guidance_position& at) const {
    return at.sigma() > 0.5 && at.sigma() < 5 ? nf::branch_set{0, 1} : nf::branch_set{0};
  }
  nf::branch_weights weights(const nf::guidance_position&) const { return {.guided = {1}}; }
  std::vector<double> breakpoints() const { return {}; }
};

}  // namespace

TEST_CASE("However many branches, a dynamic threshold of 1 is the static one") {
  const std::vector<double> further{0.1, 0.2, -0.3, 0.4};
  auto options = guided;
  options.further = further;
  const auto sampled = [&](const nf::threshold& map) {
    const nf::sampler sample{nf::dpm_pp_2m{}, schedule, path(), six_branches{}, nf::predicts_eps{}, map};
    network<> model;
    nf::tensor<double> x({2, 9});
    sample(model, x, options);
    return x;
  };
  CHECK(same_bits(sampled(nf::static_threshold(1)), sampled(nf::dynamic_threshold(1, 1))));
}

TEST_CASE("A guidance that asks for more than it said is refused, not overrun") {
  const nf::sampler sample{nf::dpm_adaptive{}, schedule, path(1), silent_window{}};
  network<> model;
  nf::tensor<double> x({1, 4});
  CHECK_THROWS_WITH(sample(model, x, guided),
                    ContainsSubstring("asks for 2 branches") && ContainsSubstring("breakpoints()"));
}

TEST_CASE("A sample whose network fails does not end its neighbours") {
  struct fails_for_the_second {
    using condition = double;
    network<> good{};
    void predict(nf::view<double> x, const nf::evaluation& at, const double& mean, nf::mutable_view<double> out) {
      good.predict(x, at, mean, out);
      if (x.samples() == 2) out[x.sample_size()] = std::numeric_limits<double>::quiet_NaN();
    }
  } model;
  const nf::sampler sample{nf::dpm_adaptive{}, schedule, path(1)};
  nf::tensor<double> two({2, 4}), one({1, 4});
  auto options = guided;
  options.checked = false;
  CHECK(sample(model, two, options).how == nf::outcome::diverged);
  CHECK(sample(model, one, options).how == nf::outcome::finished);
  CHECK(same_bits<double>(one.elements(), two.elements().first(4)));
}

TEST_CASE("Answering a run that is done, and a branch without a condition, are refused in one's own loop too") {
  nf::tensor<float> x({1, 4});
  network<> model;
  auto run = plain.start(x);
  nf::finish(run, model, guided, nf::ignore_steps{});
  CHECK_THROWS_WITH(nf::answer(run, model, guided), ContainsSubstring("nothing to answer"));
  CHECK_THROWS_WITH(guided.of_branch(3), ContainsSubstring("branch 3 has no condition"));
}
