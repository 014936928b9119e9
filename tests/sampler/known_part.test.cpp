// A part of the state held at known data: inpainting by replacement.
#include <cmath>
#include <vector>

#include <noisefall/random/recorded.hpp>
#include <noisefall/sampler/checkpoint.hpp>
#include <noisefall/trajectory/karras.hpp>
#include <noisefall/trajectory/partial.hpp>

#include "catch.hpp"
#include "laws/support.hpp"

using namespace laws;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::size_t samples = 3, size = 65;

float known_value(std::size_t i) { return 0.3F + 0.01F * static_cast<float>(i % 50); }

// Known, to be sampled and mixed in turn, differently in each sample.
struct masked {
  nf::tensor<float> values, weights;
  explicit masked(std::size_t count = samples, std::size_t first = 0) : values({count, size}), weights({count, size}) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t of_all = first * size + i;
      values[i] = known_value(of_all);
      weights[i] = of_all % 3 == 0 ? 1.0F : of_all % 3 == 1 ? 0.0F : 0.4F;
    }
  }
  nf::known_part<nf::view<float>> part() const { return {values, weights}; }
};

nf::trajectory to_zero() { return nf::karras{.steps = 6}(schedule); }

template <class Sampler>
nf::tensor<float> held(const Sampler& sample, const masked& mask, nf::run_options<double> options = guided) {
  network<> model;
  nf::tensor<float> x(mask.values.extents());
  auto run = sample.start(x, {.seed = options.seed, .first_sample = options.first_sample});
  run.hold(mask.part());
  nf::finish(run, model, options, nf::ignore_steps{});
  return x;
}

}  // namespace

TEST_CASE("Where the weight is 1 the state follows the noised known data and ends at it exactly") {
  for_each_planned_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    const nf::sampler sample{solver, schedule, to_zero(), hardest_for(solver)};
    const masked mask;
    network<> model;
    nf::tensor<float> x({samples, size}), z({samples, size});
    nf::philox{guided.seed}.fill(z.elements(), size, nf::increment{});
    auto run = sample.start(x, {.seed = guided.seed});
    run.hold(mask.part());
    const auto check = [&](const nf::noise_level& at) {
      double worst = 0;
      for (std::size_t i = 0; i < x.size(); i += 3) {
        const double expected = at.alpha * static_cast<double>(mask.values[i]) + at.sigma * static_cast<double>(z[i]);
        worst = std::max(worst, std::abs(static_cast<double>(x[i]) - expected));
      }
      return worst;
    };
    CHECK(check(sample.path().front()) < 1e-6);
    while (!run.done()) CHECK(check(nf::step(run, model, guided).at.to) < 1e-6);
    std::size_t different = 0;
    for (std::size_t i = 0; i < x.size(); i += 3) different += x[i] != mask.values[i];
    CHECK(different == 0);
  });
}

TEST_CASE("Where the weight is 0 a network that looks at each element alone gives what it gives without a mask") {
  for_each_planned_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    const nf::sampler sample{solver, schedule, to_zero(), doubled};
    network<> model;
    nf::tensor<float> free({samples, size});
    sample(model, free, guided);
    const nf::tensor<float> x = held(sample, masked{});
    std::size_t different = 0;
    for (std::size_t i = 1; i < x.size(); i += 3) different += x[i] != free[i];
    CHECK(different == 0);
  });
}

TEST_CASE("A mix is w * (alpha * known + sigma * z) + (1 - w) * x at the level reached") {
  const nf::sampler sample{nf::ddim{}, schedule, path()};
  const masked mask;
  network<> model;
  nf::tensor<float> x({samples, size}), z({samples, size}), before({samples, size});
  nf::philox{guided.seed}.fill(z.elements(), size, nf::increment{});
  auto run = sample.start(x, {.seed = guided.seed});
  run.hold(mask.part());
  before = x;
  const nf::leg& leg = sample.path()[0];
  const nf::sampler first{nf::ddim{}, schedule, nf::trajectory{std::vector{leg.from, leg.to}}};
  first(model, before, {.start = nf::start_from::given, .conditional = guided.conditional});
  nf::step(run, model, guided);
  for (std::size_t i = 2; i < x.size(); i += 3) {
    const double known = leg.to.alpha * static_cast<double>(mask.values[i]) + leg.to.sigma * static_cast<double>(z[i]);
    CHECK(static_cast<double>(x[i]) == Approx(0.4 * known + 0.6 * static_cast<double>(before[i])).margin(1e-5));
  }
}

TEST_CASE("L1, L3, L5, L6: a held run does not depend on its batch, its loop, a throw or a checkpoint") {
  for_each_planned_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    const nf::sampler sample{solver, schedule, to_zero(), hardest_for(solver)};
    const masked mask;
    const nf::tensor<float> expected = held(sample, mask);

    auto options = guided;
    options.first_sample = 2;
    const nf::tensor<float> alone = held(sample, masked{1, 2}, options);
    CHECK(same_bits<float>(alone.elements(), std::span<const float>{expected.elements()}.subspan(2 * size)));

    network<> model{.throw_at = 7};
    nf::tensor<float> x({samples, size}), resumed({samples, size});
    auto run = sample.start(x, {.seed = guided.seed});
    run.hold(mask.part());
    bool saved = false, thrown = false;
    while (!run.done()) {
      try {
        nf::step(run, model, guided);
      } catch (const std::runtime_error&) {
        thrown = true;
      }
      if (run.steps_done() != 3 || saved) continue;
      saved = true;
      auto other = sample.start(resumed, {.seed = guided.seed});
      CHECK_THROWS_WITH(nf::load(other, nf::save(run)), ContainsSubstring("known part"));
      other.hold(mask.part());
      nf::load(other, nf::save(run));
      network<> again;
      nf::finish(other, again, guided, nf::ignore_steps{});
    }
    CHECK(thrown);
    CHECK(same_bits(x, expected));
    CHECK(same_bits(resumed, expected));
    run.restart();
    nf::finish(run, model, guided, nf::ignore_steps{});
    CHECK(same_bits(x, expected));
  });
}

TEST_CASE("The known part is read again at a restart, and any source of noise serves it") {
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, to_zero()};
  masked mask;
  network<> model;
  nf::tensor<float> x({samples, size}), z({samples, size});
  auto run = sample.start(x, {.seed = guided.seed});
  run.hold(mask.part());
  for (float& v : mask.values.elements()) v = -1;
  run.restart();
  nf::finish(run, model, guided, nf::ignore_steps{});
  CHECK(x[0] == -1);
  CHECK(same_bits(x, held(sample, mask)));

  nf::philox{guided.seed}.fill(z.elements(), size, nf::increment{});
  const nf::recorded_noise<float> recorded{{{.values = {z.elements().begin(), z.elements().end()}}}};
  for (const nf::start_from start : {nf::start_from::noise, nf::start_from::image, nf::start_from::given}) {
    nf::tensor<float> from_philox({samples, size}), from_record({samples, size});
    for (std::size_t i = 0; i < z.size(); ++i) from_philox[i] = from_record[i] = 0.1F * z[i];
    const nf::run_settings settings{.seed = guided.seed, .start = start};
    const nf::sampler half{nf::dpm_pp_2m{}, schedule, nf::partial(to_zero(), 0.5)};
    auto one = half.start(from_philox, settings);
    auto other = half.start(nf::mutable_view<float>{from_record}, settings, recorded);
    one.hold(mask.part());
    other.hold(mask.part());
    nf::finish(one, model, guided, nf::ignore_steps{});
    nf::finish(other, model, guided, nf::ignore_steps{});
    CHECK(same_bits(from_philox, from_record));
    CHECK(from_philox[0] == -1);
  }
}

TEST_CASE("A shortened run ends at the known data, too") {
  const nf::sampler sample{nf::unipc{}, schedule, to_zero()};
  const masked mask;
  network<> model;
  nf::tensor<float> x({samples, size});
  auto run = sample.start(x);
  run.hold(mask.part());
  nf::step(run, model, guided);
  run.finish_now();
  CHECK(nf::finish(run, model, guided, nf::ignore_steps{}).how == nf::outcome::shortened);
  for (std::size_t i = 0; i < x.size(); i += 3) CHECK(x[i] == mask.values[i]);
}

TEST_CASE("What cannot be held is refused") {
  const nf::sampler sample{nf::ddim{}, schedule, path()};
  network<> model;
  nf::tensor<float> x({samples, size});
  masked mask;
  const nf::tensor<float> small({1, size});
  auto run = sample.start(x);
  CHECK_THROWS_WITH(run.hold({small, mask.weights}), ContainsSubstring("[1, 65]") && ContainsSubstring("[3, 65]"));
  mask.values[5] = std::nanf("");
  CHECK_THROWS_WITH(run.hold(mask.part()), ContainsSubstring("finite"));
  mask.values[5] = 0;
  run.hold(mask.part());
  CHECK_THROWS_WITH(run.hold(mask.part()), ContainsSubstring("once"));
  auto begun = sample.start(x);
  nf::step(begun, model, guided);
  CHECK_THROWS_WITH(begun.hold(mask.part()), ContainsSubstring("before its first step"));
  const nf::sampler adaptive{nf::dpm_adaptive{}, schedule, path()};
  auto own = adaptive.start(x);
  CHECK_THROWS_WITH(own.hold(mask.part()), ContainsSubstring("chooses its own steps"));
}
