// L19: the least that each concept allows runs through the engine, which therefore needs no more.
#include <noisefall/sampler/checkpoint.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>

#include "catch.hpp"

namespace nf = noisefall;

namespace {

// An algebra whose state is a place in nobody's memory; it counts what it is asked to do.
struct least_algebra {
  using scalar = float;
  struct view {};
  struct span {
    operator view() const { return {}; }
  };
  struct buffer {};
  std::size_t* passes = nullptr;

  buffer allocate(const nf::shape&) const { return {}; }
  span view_of(buffer&) const { return {}; }
  nf::shape extents(view) const { return {2, 3}; }
  void pass(const nf::pass_description<view, span>&) const { ++*passes; }
  void gram(std::span<const view>, std::span<const double>, std::span<double> out) const {
    for (double& v : out) v = 1;
  }
  void quantile(view, double, std::span<double> out) const {
    for (double& v : out) v = 1;
  }
  void scaled_error(view, view, view, double, double, std::span<double> out) const {
    for (double& v : out) v = 0.5;
  }
  void fill(span, double) const {}
  bool finite(view) const { return true; }
  void upload(std::span<const float>, span) const {}
  void download(view, std::span<float>) const {}
  view part(view, std::size_t, std::size_t) const { return {}; }
};

struct least_noise {
  void fill(std::span<float> out, std::size_t, const nf::increment&) const {
    for (float& v : out) v = 0;
  }
};

struct least_spacing {
  nf::trajectory operator()(const auto&) const {
    return nf::trajectory{std::vector<nf::noise_level>{{1, 1, 1}, {0, 1, 0}}};
  }
};

struct least_schedule {
  nf::noise_level at(double t) const { return {t, 1, t}; }
  double time_of(double lambda) const { return std::exp(-lambda); }
  double t_min() const { return 0; }
  double t_max() const { return 1; }
};

struct least_parameterisation {
  nf::affine to_x0(const nf::noise_level&) const { return {0, 1}; }
  nf::affine to_eps(const nf::noise_level&) const { return {0, 1}; }
  double input_scale(const nf::noise_level&) const { return 1; }
  double label(const nf::noise_level&) const { return 0; }
};

struct least_guidance {
  static constexpr auto space = nf::guidance_space::output;
  void check() const {}
  nf::branch_set needs(const nf::guidance_position&) const { return {0}; }
  nf::branch_weights weights(const nf::guidance_position&) const { return {.guided = {1}}; }
  std::vector<double> breakpoints() const { return {}; }
};

struct least_solver {
  int order() const { return 1; }
  std::size_t history() const { return 0; }
  void check() const {}
  nf::step_plan plan(const nf::step_window& window) const {
    nf::step_plan plan;
    plan.evaluations.push_back({.at = window.at.from});
    plan.result.now[0] = 1;
    return plan;
  }
};

struct least_own_step {
  struct state {
    int told = 0;
  };
  static constexpr bool couples_batch = false;
  void check() const {}
  void check_ends(const nf::noise_level&, const nf::noise_level&) const {}
  std::size_t tensors() const { return 0; }
  std::size_t readings() const { return 1; }
  nf::quantity reads() const { return nf::quantity::x0; }
  void begin(state& s, std::size_t) const { s = {}; }
  void transfer(nf::archive& to, state& s) const { to(s.told); }
  nf::own_action advance(state& s, nf::bench&) const {
    switch (s.told++) {
      case 0:
        return {nf::own_action::kind::evaluate};
      case 1:
        return {nf::own_action::kind::step_done};
      default:
        return {};
    }
  }
};

struct least_predictor {
  struct condition {};
  void predict(least_algebra::view, const nf::evaluation&, const condition&, least_algebra::span) {}
};

static_assert(nf::Algebra<least_algebra>);
static_assert(nf::NoiseSchedule<least_schedule>);
static_assert(nf::Parameterisation<least_parameterisation>);
static_assert(nf::Guidance<least_guidance>);
static_assert(nf::Solver<least_solver>);
static_assert(nf::OwnStep<least_own_step>);
static_assert(nf::NoisePredictor<least_predictor, least_algebra>);
static_assert(nf::NoiseSource<least_noise, float>);
static_assert(nf::Spacing<least_spacing, least_schedule>);

const nf::trajectory two_legs{std::vector<nf::noise_level>{{1, 1, 1}, {0.5, 1, 0.5}, {0, 1, 0}}};

template <class Sampler>
std::size_t passes(const Sampler& sample) {
  std::size_t count = 0;
  least_predictor model;
  auto run = sample.start(least_algebra{&count}, least_algebra::span{}, nf::run_settings{}, least_noise{});
  const auto saved = nf::save(run);
  nf::load(run, saved);
  const auto result = nf::finish(run, model, nf::run_options<least_predictor::condition>{}, nf::ignore_steps{});
  CHECK(result.how == nf::outcome::finished);
  return count;
}

}  // namespace

TEST_CASE("L19: the archetypes of the concepts run through the engine") {
  const nf::sampler sample{least_solver{}, least_schedule{}, two_legs, least_guidance{}, least_parameterisation{}};
  CHECK(passes(sample) == 3);  // the first noise and one fused pass per leg
  const nf::sampler own{least_own_step{}, least_schedule{}, two_legs, least_guidance{}, least_parameterisation{}};
  CHECK(passes(own) == 2);  // the first noise and the reading
  const nf::sampler spaced{nf::dpm_adaptive{.eta = 1}, least_schedule{},
                           nf::trajectory{std::vector<nf::noise_level>{{1, 1, 1}, {0.5, 1, 0.5}}}, least_guidance{},
                           least_parameterisation{}};
  CHECK(passes(spaced) > 5);
  CHECK(passes(nf::sampler{least_solver{}, least_schedule{}, least_spacing{}, least_guidance{},
                           least_parameterisation{}}) == 2);
}
