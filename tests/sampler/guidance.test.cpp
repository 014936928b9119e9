// Guidance through the engine: the published vectors, and laws whose guided result is known in closed form.
#include <array>
#include <cmath>
#include <vector>

#include <noisefall/guidance/apg.hpp>
#include <noisefall/guidance/cfg_pp.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/rescale.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/parameterisation/x0.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/dpm_pp_2m.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/heun.hpp>
#include <noisefall/trajectory/karras.hpp>
#include <noisefall/trajectory/lists.hpp>

#include "catch.hpp"

namespace nf = noisefall;

namespace {

// Answers with the vector that it is given as the condition, the k-th of them in the k-th evaluation.
struct dictated {
  using condition = std::vector<std::array<double, 2>>;
  void predict(nf::view<double>, const nf::evaluation& at, const condition& say, nf::mutable_view<double> out) {
    const auto& v = say[(at.step * 2 + at.call) % say.size()];
    out[0] = v[0];
    out[1] = v[1];
  }
};

const nf::edm schedule{};
const dictated::condition c{{3, 4}}, u{{1, 0}};

nf::trajectory through(std::span<const double> sigmas) {
  return nf::trajectory{nf::levels_from_sigmas(schedule, sigmas)};
}

// One step from sigma = 2 to 0 ends exactly at the guided x0.
template <class Guidance, class Parameterisation = nf::predicts_x0>
std::array<double, 2> guided(const Guidance& rule, Parameterisation meaning = {},
                             std::array<double, 2> state = {0, 0}) {
  const nf::sampler sample{nf::ddim{}, schedule, through(std::array{2.0, 0.0}), rule, meaning};
  nf::tensor<double> x({1, 2});
  x[0] = state[0];
  x[1] = state[1];
  dictated model;
  sample(model, x, {.start = nf::start_from::given, .conditional = c, .unconditional = u});
  return {x[0], x[1]};
}

void check(const std::array<double, 2>& got, double first, double second) {
  CHECK(got[0] == Approx(first).epsilon(1e-8));
  CHECK(got[1] == Approx(second).epsilon(1e-8));
}

}  // namespace

TEST_CASE("The published vectors come out of the engine") {
  check(guided(nf::classifier_free{.weight = 1}), 5, 8);
  check(guided(nf::guidance_scale(2)), 5, 8);
  const nf::rescale scaled{.weight = 1, .phi = 0.7, .space = nf::guidance_space::x0};
  check(guided(scaled), 2.66666667, 4.26666667);
  check(guided(nf::apg{.weight = 1}), 2.36, 4.48);
  check(guided(nf::apg{.weight = 1, .norm_cap = 2}), 2.7137833, 4.21466253);
  check(guided(nf::cfg_pp{.scale = 0.5}), 2, 2);
}

TEST_CASE("Rescaling in eps or in x0 space are different rules") {
  // The network gives x0 = (3, 4) and (1, 0); at x = (10, -2), sigma = 2 that is another eps.
  const nf::rescale in_eps{.weight = 1, .phi = 0.7, .space = nf::guidance_space::eps};
  check(guided(in_eps, nf::predicts_x0{}, {10, -2}), 5.46666667, 7.06666667);
}

TEST_CASE("The momentum of projected guidance advances once per step, also under two evaluations") {
  // Differences (2, 4) in the first step and (1, 1) in the second: momentum -0.5 makes them (2, 4) and (0, -1).
  const nf::apg rule{.weight = 1, .eta = 1, .momentum = -0.5};
  const auto last = [&](const auto& solver, const dictated::condition& conditional, const dictated::condition& other) {
    const nf::sampler sample{solver, schedule, through(std::array{2.0, 1.0, 0.0}), rule, nf::predicts_x0{}};
    nf::tensor<double> x({1, 2});
    dictated model;
    sample(model, x, {.start = nf::start_from::given, .conditional = conditional, .unconditional = other});
    return std::array{x[0], x[1]};
  };
  // (step, call) = (0, 0), (0, 1), (1, 0): what the conditional branch says; the other one says 0.
  const dictated::condition differences{{2, 4}, {7, -7}, {1, 1}, {0, 0}}, zero{{0, 0}};
  check(last(nf::heun{}, differences, zero), 1 + 0, 1 - 1);
  check(last(nf::ddim{}, differences, zero), 1 + 0, 1 - 1);
}

namespace {

// N(1.5, 1) under condition 0, N(0, 4) under condition 1, as eps at alpha = 1: everything is affine in the state.
struct two_gaussians {
  using condition = int;
  void predict(nf::view<double> x, const nf::evaluation& at, const int& which, nf::mutable_view<double> out) {
    const double mean = which == 0 ? 1.5 : 0, variance = which == 0 ? 1 : 4, s = at.level(0).sigma;
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = s * (x[i] - mean) / (variance + s * s);
  }
};

struct law {
  double mean, variance;
};

// From x_T ~ N(0, 80^2): a sampler that is affine in the state is known from two states.
template <class Solver, class Guidance>
law law_of(const Solver& solver, std::size_t nodes, const Guidance& rule) {
  const nf::sampler sample{
      solver, schedule, nf::karras{.steps = nodes, .sigma_min = 0.002, .sigma_max = 80, .end = nf::final_level::zero},
      rule};
  nf::tensor<double> x({2, 1});
  x[1] = 1;
  two_gaussians model;
  sample(model, x, {.start = nf::start_from::given, .conditional = 0, .unconditional = 1});
  const double slope = x[1] - x[0];
  return {x[0], slope * slope * 6400};
}

}  // namespace

TEST_CASE("Guided Gaussians: Euler and Heun give the exact affine recursions") {
  struct line {
    std::size_t nodes;
    law euler, heun;
  };
  const nf::classifier_free rule{.weight = 2};
  for (const line& l : {line{10, {2.201039428953, 0.001434217637}, {1.953507943075, 0.220835962231}},
                        line{20, {2.233018467792, 0.023546327083}, {2.214871950172, 0.085521906810}},
                        line{40, {2.235223688427, 0.040905143255}, {2.233525687107, 0.066985738797}},
                        line{80, {2.235700100195, 0.051193543552}, {2.235548148053, 0.063543608690}}}) {
    const law euler = law_of(nf::ddim{}, l.nodes, rule), heun = law_of(nf::heun{}, l.nodes, rule);
    CHECK(std::abs(euler.mean - l.euler.mean) < 1e-11);
    CHECK(std::abs(euler.variance - l.euler.variance) < 1e-11);
    CHECK(std::abs(heun.mean - l.heun.mean) < 1e-11);
    CHECK(std::abs(heun.variance - l.heun.variance) < 1e-11);
  }
}

TEST_CASE("CFG++ is guidance that grows with the number of steps") {
  for (const auto& [nodes, variance] : {std::pair{20, 0.3594}, std::pair{40, 0.0647}, std::pair{80, 0.0017}})
    CHECK(law_of(nf::ddim{}, static_cast<std::size_t>(nodes), nf::cfg_pp{.scale = 0.6}).variance ==
          Approx(variance).margin(6e-5));
}

TEST_CASE("CFG++ under 2M continues both histories with the unconditional x0") {
  // One 2M step after a first-order one, by hand at alpha = 1: x_t = D + e^{-h}(x - D_u) + E_1/(2r) (D_u' difference).
  const std::array sigmas{4.0, 2.0, 1.0, 0.0};
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, through(sigmas), nf::cfg_pp{.scale = 0.6}, nf::predicts_x0{}};
  const dictated::condition cs{{3, 4}, {0, 0}, {2, 1}, {0, 0}, {5, 6}}, us{{1, 0}, {0, 0}, {-1, 2}, {0, 0}, {0, 0}};
  nf::tensor<double> x({1, 2});
  x[0] = 7;
  x[1] = -3;
  dictated model;
  auto run = sample.start(nf::mutable_view<double>{x}, {.start = nf::start_from::given});
  const nf::run_options<dictated::condition> options{.conditional = cs, .unconditional = us};
  std::array<double, 2> state{7, -3}, old{};
  for (std::size_t step = 0; step < 2; ++step) {
    nf::step(run, model, options);
    const double a = sigmas[step + 1] / sigmas[step], e1 = 1 - a;
    const double r = step == 0 ? 0 : std::log(sigmas[0] / sigmas[1]) / std::log(sigmas[1] / sigmas[2]);
    for (std::size_t i = 0; i < 2; ++i) {
      const double uncond = us[2 * step][i], denoised = uncond + 0.6 * (cs[2 * step][i] - uncond);
      double next = denoised + a * (state[i] - uncond);
      if (step > 0) next += e1 / (2 * r) * (denoised - old[i]);
      old[i] = uncond;
      state[i] = next;
      CHECK(x[i] == Approx(next).epsilon(1e-12));
    }
  }
}

TEST_CASE("A window keeps second order only because the trajectory is snapped to it") {
  const double jump = std::sqrt(4.1072431474);
  const nf::classifier_free window{.weight = nf::weight_schedule::window(2, 1, jump)};
  constexpr double exact = 1.0007812002;
  const auto error = [&](std::size_t nodes) { return law_of(nf::heun{}, nodes, window).variance - exact; };
  CHECK(error(40) == Approx(0.0218).margin(5e-5));
  CHECK(error(80) == Approx(0.0040).margin(5e-5));
  CHECK(error(160) == Approx(0.0008).margin(5e-5));
}

namespace {

// The weight is the number of steps committed so far.
struct counts_steps {
  static constexpr auto space = nf::guidance_space::x0;
  static constexpr std::size_t scalars = 1;
  void check() const {}
  nf::branch_set needs(const nf::guidance_position&) const { return {0, 1}; }
  nf::branch_weights weights(const nf::guidance_position&, const nf::gram_matrix& remembered) const {
    const double w = remembered.scalar(0);
    nf::branch_weights made{.guided = {1 + w, -w}};
    made.next_scalars[0] = w + 1;
    return made;
  }
  std::vector<double> breakpoints() const { return {}; }
};

}  // namespace

TEST_CASE("The scalars of a guidance advance once per step, also under two evaluations, and restart at zero") {
  const std::array sigmas{3.0, 2.0, 1.0, 0.0};
  for (const nf::erased_solver& solver : {nf::erased_solver{nf::ddim{}}, nf::erased_solver{nf::heun{}}}) {
    const nf::sampler sample{solver, schedule, through(sigmas), counts_steps{}, nf::predicts_x0{}};
    nf::tensor<double> x({1, 2});
    dictated model;
    const nf::run_options<dictated::condition> options{.conditional = c, .unconditional = u};
    auto run = sample.start(x, {.start = nf::start_from::given});
    for (int repeat = 0; repeat < 2; ++repeat) {
      nf::finish(run, model, options, nf::ignore_steps{});
      check({x[0], x[1]}, 3 + 2 * 2, 4 + 2 * 4);  // the last step's x0: two steps were committed before it
      run.restart();
    }
  }
}
