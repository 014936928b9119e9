// Guidance split off the network: the published loops, the order of it, and who is asked for gradients.
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <noisefall/noisefall.hpp>
#include <noisefall/predictor/counting_predictor.hpp>
#include <noisefall/sampler/checkpoint.hpp>
#include <noisefall/sampler/plan_table.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace {

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;
using method = nf::splitting_method;

double eps_at(double x, double sigma) { return 0.4 * x / (1 + sigma) + 0.3 * std::tanh(x - 0.2 * sigma); }
double gradient_at(double x, double sigma, double target) { return (target - x) / (1 + sigma) + 0.1 * std::sin(2 * x); }

// At alpha = 1. Gradients towards the condition.
struct network {
  using condition = double;
  std::size_t gradients = 0, outputs = 0;

  void predict(nf::view<double> x, const nf::evaluation& at, double, nf::mutable_view<double> out) {
    ++outputs;
    for (std::size_t i = 0; i < x.size(); ++i) out.data()[i] = eps_at(x.data()[i], at.level(0).sigma);
  }
  void gradient(nf::view<double> x, const nf::evaluation& at, double target, nf::mutable_view<double> out) {
    ++gradients;
    for (std::size_t i = 0; i < x.size(); ++i) out.data()[i] = gradient_at(x.data()[i], at.level(0).sigma, target);
  }
};

nf::trajectory through(const std::vector<double>& sigmas) {
  std::vector<nf::noise_level> levels;
  for (const double s : sigmas) levels.push_back({s, 1, s});
  return nf::trajectory{levels};
}

template <class Solver>
double run(const Solver& solver, const std::vector<double>& sigmas, network& model, double start = 1.7) {
  nf::tensor<double> x({1, 1});
  x.data()[0] = start;
  const nf::sampler sample{solver, nf::edm{}, through(sigmas)};
  sample(model, x, {.start = nf::start_from::given, .conditional = 0.8});
  return x.data()[0];
}

const std::vector<double> sigmas{5, 3.1, 2, 1.1, 0.6, 0.25, 0.1};
const nf::pndm plms{.start = nf::pndm::start_kind::ramp};

// LTSP4 and STSP4 (Wizadwongsa and Suwajanakorn 2023): y = x at alpha = 1, the network's eps by PLMS of order 4.
double published(bool strang, double scale, bool half_way, const std::vector<double>& at, double y) {
  std::vector<double> e;
  for (std::size_t i = 0; i + 1 < at.size(); ++i) {
    const double s = at[i], t = at[i + 1], d = t - s;
    y -= scale * gradient_at(y, s, 0.8) * s * (strang ? d / 2 : d);
    e.insert(e.begin(), eps_at(y, s));
    double mean = e[0];
    if (e.size() == 2) mean = (3 * e[0] - e[1]) / 2;
    if (e.size() == 3) mean = (23 * e[0] - 16 * e[1] + 5 * e[2]) / 12;
    if (e.size() > 3) mean = (55 * e[0] - 59 * e[1] + 37 * e[2] - 9 * e[3]) / 24;
    y += d * mean;
    if (strang && t > 0) y -= scale * gradient_at(y, t, 0.8) * (half_way ? (s + t) / 2 : t) * d / 2;
  }
  return y;
}

}  // namespace

TEST_CASE("splitting over PLMS is LTSP4 and STSP4") {
  for (const bool strang : {false, true})
    for (const bool half_way : {false, true})
      for (const bool to_zero : {false, true}) {
        std::vector<double> at = sigmas;
        if (to_zero) at.push_back(0);
        const nf::splitting<nf::pndm> solver{plms, strang ? method::strang : method::lie_trotter, 1.4, half_way};
        network model;
        CHECK(run(solver, at, model) == Approx(published(strang, 1.4, half_way, at, 1.7)).epsilon(1e-12));
        const std::size_t steps = at.size() - 1;
        CHECK(model.outputs == steps);
        CHECK(model.gradients == (strang ? 2 * steps - (to_zero ? 1 : 0) : steps));
      }
}

TEST_CASE("L10: splitting has order 1 with any solver inside, and converges to the guided ODE") {
  const auto slope = [](double x, double sigma) { return eps_at(x, sigma) - 0.9 * sigma * gradient_at(x, sigma, 0.8); };
  double exact = 1.7;
  constexpr int fine = 20000;
  for (int i = 0; i < fine; ++i) {
    const double s = 5 + (0.1 - 5) * i / fine, h = (0.1 - 5) / fine;
    const double k1 = slope(exact, s), k2 = slope(exact + h / 2 * k1, s + h / 2);
    const double k3 = slope(exact + h / 2 * k2, s + h / 2), k4 = slope(exact + h * k3, s + h);
    exact += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
  }
  const auto order = [&](const auto& solver) {
    std::vector<double> errors;
    for (const int n : {200, 400}) {
      std::vector<double> at;
      for (int i = 0; i <= n; ++i) at.push_back(5 + (0.1 - 5) * i / n);
      network model;
      errors.push_back(std::abs(run(solver, at, model) - exact));
    }
    return std::log2(errors[0] / errors[1]);
  };
  for (const method by : {method::lie_trotter, method::strang}) {
    CAPTURE(static_cast<int>(by));
    CHECK(order(nf::splitting<nf::pndm>{plms, by, 0.9}) == Approx(1).margin(0.15));
    CHECK(order(nf::splitting<nf::dpm_multistep>{{}, by, 0.9}) == Approx(1).margin(0.15));
    CHECK(order(nf::splitting<nf::heun>{{}, by, 0.9}) == Approx(1).margin(0.15));
  }
}

TEST_CASE("splitting without gradients is the solver inside") {
  network model;
  const auto check = [&](const auto& solver) {
    const double plain = run(solver, sigmas, model);
    for (const method by : {method::lie_trotter, method::strang})
      CHECK(run(nf::splitting<std::remove_cvref_t<decltype(solver)>>{solver, by, 0.0}, sigmas, model) ==
            Approx(plain).epsilon(1e-13));
  };
  check(nf::ddim{});
  check(nf::ddim{.eta = 0.5});
  check(nf::dpm_multistep{.order = 3});
  check(nf::lms{});
  check(nf::heun{});
  check(nf::exponential_runge_kutta{});
}

TEST_CASE("gradients are untouched by maps, input scales and branches") {
  const auto by_hand = [](double x, double s, double t) {  // one Lie-Trotter step of DDIM, scale 2
    const double moved = x - 2 * gradient_at(x, s, 0.8) * s * (t - s);
    return std::pair{moved, eps_at(moved, s)};
  };
  const nf::splitting<nf::ddim> solver{{}, method::lie_trotter, 2};
  const auto [moved, e] = by_hand(1.7, 5, 3.1);
  nf::tensor<double> x({1, 1});
  for (const nf::threshold& map : {nf::static_threshold(1), nf::dynamic_threshold(1.0, 1)}) {
    network model;
    x.data()[0] = 1.7;
    const nf::sampler sample{solver, nf::edm{}, through({5, 3.1}), nf::unguided{}, nf::predicts_eps{}, map};
    sample(model, x, {.start = nf::start_from::given, .conditional = 0.8});
    const double d = std::clamp(moved - 5 * e, -1.0, 1.0);
    CHECK(x.data()[0] == Approx(d + 3.1 / 5 * (moved - d)).epsilon(1e-12));
  }
  network model;
  x.data()[0] = 1.7;
  const nf::sampler guided{solver, nf::edm{}, through({5, 3.1}), nf::classifier_free{.weight = 3}};
  const auto result = guided(model, x, {.start = nf::start_from::given, .conditional = 0.8, .unconditional = -1});
  CHECK(x.data()[0] == Approx(moved + (3.1 - 5) * e).epsilon(1e-12));  // this network does not look at the condition
  CHECK(result.evaluations == 2);
  CHECK(model.gradients == 1);
}

TEST_CASE("a run that asks for gradients may be resumed, counted and erased") {
  const nf::splitting<nf::pndm> solver{plms};
  const nf::sampler sample{solver, nf::edm{}, through(sigmas)};
  network model;
  const double expected = run(solver, sigmas, model);
  for (std::size_t stop = 1; stop + 1 < sigmas.size(); ++stop) {
    nf::tensor<double> x({1, 1}), y({1, 1});
    x.data()[0] = 1.7;
    const nf::run_options<double> options{.conditional = 0.8};
    auto first = sample.start(nf::mutable_view<double>{x}, {.start = nf::start_from::given});
    while (first.steps_done() < stop) nf::step(first, model, options);
    const auto saved = nf::save(first);
    auto second = sample.start(nf::mutable_view<double>{y}, {.start = nf::start_from::given});
    nf::load(second, saved);
    while (!second.done()) nf::step(second, model, options);
    CHECK(y.data()[0] == expected);
  }
  nf::counting_predictor<network> counted{model};
  nf::any_predictor<double, nf::span_algebra<double>> erased{network{}};
  const auto by = [&](auto& predictor) {
    nf::tensor<double> x({1, 1});
    x.data()[0] = 1.7;
    sample(predictor, x, {.start = nf::start_from::given, .conditional = 0.8});
    return x.data()[0];
  };
  CHECK(by(counted) == expected);
  CHECK(counted.evaluations() == 6);
  CHECK(by(erased) == expected);
  CHECK_THAT(nf::plan_table(sample), ContainsSubstring("6 legs, 6 evaluations, 6 calls of the network, 12 gradients"));
}

TEST_CASE("what cannot be split is refused, and so is a predictor without gradients") {
  const auto build = [](const auto& solver, const nf::any_guidance& guidance = nf::unguided{}) {
    return message_of([&] { nf::sampler{solver, nf::edm{}, through(sigmas), guidance}; });
  };
  CHECK_THAT(build(nf::splitting<nf::unipc>{}), ContainsSubstring("a solver without a corrector"));
  CHECK_THAT(build(nf::splitting<nf::exponential_runge_kutta>{{.by = nf::exponential_method::hochbruck_ostermann}}),
             ContainsSubstring("5 evaluations in a step; allowed: up to 3"));
  CHECK_THAT(build(nf::splitting<nf::ddim>{}, nf::apg{.weight = 1, .momentum = -0.5}),
             ContainsSubstring("a guidance without state"));
  CHECK_THAT(build(nf::splitting<nf::ddim>{}, nf::cfg_pp{}), ContainsSubstring("cannot renoise"));
  auto plain = nf::predictor_from<double>(
      [](nf::view<double>, const nf::evaluation&, double, nf::mutable_view<double> out) { out.data()[0] = 0; });
  nf::tensor<double> x({1, 1});
  const nf::sampler sample{nf::splitting<nf::ddim>{}, nf::edm{}, through(sigmas)};
  CHECK_THAT(message_of([&] { sample(plain, x); }), ContainsSubstring("has no gradient()"));
}
