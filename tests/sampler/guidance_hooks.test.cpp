// Guidance that the caller takes part in: gradients, potentials between samples, noise on the condition; and guidance
// that remembers when to end.
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <vector>

#include <noisefall/guidance/adaptive_guidance.hpp>
#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/guidance/apg.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/classifier_guidance.hpp>
#include <noisefall/guidance/fdg.hpp>
#include <noisefall/guidance/particle_guidance.hpp>
#include <noisefall/parameterisation/x0.hpp>
#include <noisefall/predictor/with_low_pass.hpp>
#include <noisefall/predictor/with_recfg.hpp>
#include <noisefall/sampler/cads.hpp>
#include <noisefall/sampler/class_information.hpp>
#include <noisefall/sampler/measure_recfg.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/dpm_multistep.hpp>
#include <noisefall/solver/heun.hpp>
#include <noisefall/trajectory/lists.hpp>
#include <noisefall/trajectory/uniform_lambda.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;

namespace {

const nf::vp_linear schedule{};
nf::trajectory path(std::size_t steps = 12) { return nf::uniform_lambda{.steps = steps}(schedule); }

// eps of N(mean, variance), as the condition says; the gradient is that of the log-density ratio of two such laws.
struct gaussians {
  struct condition {
    double mean = 0, variance = 1, other_mean = 0, other_variance = 1;
    bool operator==(const condition&) const = default;
  };
  std::size_t calls = 0, gradients = 0;

  static double score(double x, const nf::noise_level& at, double mean, double variance) {
    return -(x - at.alpha * mean) / (at.alpha * at.alpha * variance + at.sigma * at.sigma);
  }
  void predict(nf::view<double> x, const nf::evaluation& at, const condition& c, nf::mutable_view<double> out) {
    ++calls;
    for (std::size_t i = 0; i < x.size(); ++i)
      out[i] = -at.level(0).sigma * score(x[i], at.level(0), c.mean, c.variance);
  }
  void gradient(nf::view<double> x, const nf::evaluation& at, const condition& c, nf::mutable_view<double> out) {
    ++gradients;
    for (std::size_t i = 0; i < x.size(); ++i)
      out[i] = score(x[i], at.level(0), c.mean, c.variance) - score(x[i], at.level(0), c.other_mean, c.other_variance);
  }
};

}  // namespace

TEST_CASE("A classifier's gradient makes the conditional law of the unconditional network") {
  const gaussians::condition of_class{1.5, 1, 0, 4}, of_all{0, 4, 0, 1};
  gaussians model;
  nf::tensor<double> guided({3, 5}), direct({3, 5});
  const auto run = [&](const auto& solver) {
    nf::sampler{solver, schedule, path(), nf::classifier_guidance{}}(
        model, guided, {.seed = 3, .conditional = of_all, .unconditional = of_class});
    nf::sampler{solver, schedule, path()}(model, direct, {.seed = 3, .conditional = of_class});
    for (std::size_t i = 0; i < guided.size(); ++i) CHECK(guided[i] == Approx(direct[i]).margin(1e-11));
  };
  run(nf::ddim{});
  CHECK(model.gradients == 12);
  run(nf::dpm_multistep{.tau_squared = 1});
  run(nf::heun{});
}

TEST_CASE("Without weight no gradient is asked for, and the bits are those of no guidance") {
  gaussians model;
  nf::tensor<double> x({2, 4}), y({2, 4});
  const nf::weight_schedule none = 0;
  nf::sampler{nf::ddim{}, schedule, path(), nf::classifier_guidance{.weight = none}}(model, x, {.seed = 1});
  nf::sampler{nf::ddim{}, schedule, path()}(model, y, {.seed = 1});
  CHECK(model.gradients == 0);
  CHECK(model.calls == 24);
  CHECK(std::equal(x.elements().begin(), x.elements().end(), y.elements().begin()));
}

TEST_CASE("A predictor without gradients is told what the guidance asks for") {
  struct plain {
    using condition = int;
    void predict(nf::view<float>, const nf::evaluation&, const int&, nf::mutable_view<float> out) const {
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = 0;
    }
  } model;
  nf::tensor<float> x({1, 2});
  const nf::sampler sample{nf::ddim{}, schedule, path(), nf::classifier_guidance{}};
  CHECK_THROWS_WITH(sample(model, x, {}), ContainsSubstring("asks for a gradient as branch 1") &&
                                              ContainsSubstring("gradient(x, const evaluation&"));
}

namespace {

// N(0, 1) with particles that repel each other.
struct particles : gaussians {
  void gradient(nf::view<double> x, const nf::evaluation& at, const condition&, nf::mutable_view<double> out) {
    ++gradients;
    nf::rbf_repulsion(x, out);
    static_cast<void>(at);
  }
};

}  // namespace

TEST_CASE("Particles repel each other, and a particle alone is not guided") {
  particles model;
  const std::array<gaussians::condition, 1> none{};
  const auto spread = [&](double strength) {
    const nf::sampler sample{nf::ddim{}, schedule, path(40), nf::particle_guidance{.weight = 0, .strength = strength}};
    nf::tensor<double> x({16, 1});
    sample(model, x, {.seed = 5, .further = none});
    return nf::spread_of(nf::view<double>{x});
  };
  const double apart = spread(1), plain = spread(0);
  CHECK(apart > 1.1 * plain);
  CHECK(model.gradients == 40);
  nf::tensor<double> alone({1, 3}), unguided({1, 3});
  nf::sampler{nf::ddim{}, schedule, path(), nf::particle_guidance{.weight = 0}}(model, alone,
                                                                                {.seed = 5, .further = none});
  nf::sampler{nf::ddim{}, schedule, path()}(model, unguided, {.seed = 5});
  for (std::size_t i = 0; i < 3; ++i) CHECK(alone[i] == Approx(unguided[i]).margin(1e-12));
}

TEST_CASE("An annealed condition is noise above tau2, itself below tau1, and keeps its mean and deviation") {
  const nf::cads noise{};
  CHECK(noise.kept(0.5) == 1);
  CHECK(noise.kept(0.75) == Approx(0.5));
  CHECK(noise.kept(0.95) == 0);
  CHECK(nf::cads{.horizon = 1000}.kept(750) == Approx(0.5));
  const std::vector<double> clean{0.5, -1, 2, 3, 0.25};
  const auto annealed = [&](double t, std::uint64_t seed, std::uint64_t sample, std::size_t step, nf::cads by = {}) {
    const std::vector<nf::noise_level> levels{{t, 0.5, 0.5}};
    const nf::evaluation at{.levels = levels, .seed = seed, .first_sample = sample, .step = step};
    std::vector<double> out(clean.size());
    by.anneal<double>(clean, at, 0, out);
    return out;
  };
  CHECK(annealed(0.3, 1, 0, 0) == clean);
  const auto some = annealed(0.75, 1, 0, 7);
  const auto moments = [](const std::vector<double>& v) {
    double mean = 0, square = 0;
    for (const double y : v) mean += y / static_cast<double>(v.size());
    for (const double y : v) square += (y - mean) * (y - mean);
    return std::pair{mean, square};
  };
  CHECK(moments(some).first == Approx(moments(clean).first));
  CHECK(moments(some).second == Approx(moments(clean).second));
  // A pure function of seed, sample and step.
  CHECK(annealed(0.75, 1, 0, 7) == some);
  CHECK(annealed(0.75, 2, 0, 7) != some);
  CHECK(annealed(0.75, 1, 1, 7) != some);
  CHECK(annealed(0.75, 1, 0, 8) != some);
  // Not brought back: sqrt(g) y + s sqrt(1 - g) n with the n of the brought-back one.
  const auto raw = annealed(0.95, 1, 0, 7, {.scale = 2, .mixing = 0}),
             half = annealed(0.95, 1, 0, 7, {.scale = 1, .mixing = 0});
  for (std::size_t e = 0; e < clean.size(); ++e) CHECK(raw[e] == Approx(2 * half[e]));
  CHECK_THROWS_WITH((nf::cads{.tau1 = 0.9, .tau2 = 0.5}.check()), ContainsSubstring("tau1 < tau2"));
}

TEST_CASE("Adaptive guidance stops asking for the unconditional branch once every sample has agreed") {
  // Sample 0 agrees in step 2, sample 1 in step 5: eps of opposite signs before.
  struct agreeing {
    using condition = double;
    std::vector<std::size_t> unconditional_steps;
    void predict(nf::view<double> x, const nf::evaluation& at, const double& sign, nf::mutable_view<double> out) {
      if (sign < 0) unconditional_steps.push_back(at.step);
      for (std::size_t i = 0; i < x.samples(); ++i) {
        const bool agrees = at.step >= (at.first_sample + i == 0 ? 2u : 5u);
        for (std::size_t e = 0; e < x.sample_size(); ++e) out.sample(i)[e] = agrees ? 1 : sign;
      }
    }
  } model;
  const nf::sampler sample{nf::heun{}, schedule, path(8), nf::adaptive_guidance{.weight = 2}};
  nf::tensor<double> both({2, 3}), second({1, 3});
  const auto result = sample(model, both, {.seed = 1, .conditional = 1, .unconditional = -1});
  CHECK(model.unconditional_steps == std::vector<std::size_t>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5});
  CHECK(result.evaluations == 8 * 2 + 12);
  sample(model, second, {.seed = 1, .first_sample = 1, .conditional = 1, .unconditional = -1});
  for (std::size_t e = 0; e < 3; ++e) CHECK(second[e] == both[3 + e]);
}

TEST_CASE("Momentum advances once per step under two evaluations, retries, restarts and a resumed run") {
  struct failing : gaussians {
    std::size_t fail_at = static_cast<std::size_t>(-1);
    void predict(nf::view<double> x, const nf::evaluation& at, const condition& c, nf::mutable_view<double> out) {
      if (calls == fail_at) {
        ++calls;
        throw std::runtime_error{"busy"};
      }
      gaussians::predict(x, at, c, out);
    }
  };
  const nf::sampler sample{nf::heun{}, schedule, path(6), nf::apg{.weight = 2, .eta = 0.3, .momentum = -0.5}};
  const nf::run_options<gaussians::condition> options{
      .seed = 4, .conditional = {1, 1, 0, 1}, .unconditional = {0, 4, 0, 1}};
  nf::tensor<double> expected({2, 3});
  gaussians steady;
  sample(steady, expected, options);
  for (std::size_t fail = 0; fail < 24; ++fail) {
    failing model;
    model.fail_at = fail;
    nf::tensor<double> x({2, 3});
    auto run = sample.start(x, {.seed = 4});
    for (int repeat = 0; repeat < 2; ++repeat) {
      while (!run.done()) {
        try {
          nf::step(run, model, options);
        } catch (const std::runtime_error&) {
        }
      }
      CHECK(std::equal(x.elements().begin(), x.elements().end(), expected.elements().begin()));
      run.restart();
    }
  }
}

namespace {

// Branch by branch an image, whatever the state is.
struct images {
  using condition = std::vector<double>;
  std::size_t calls = 0;
  void predict(nf::view<double>, const nf::evaluation&, const condition& image, nf::mutable_view<double> out) {
    ++calls;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = image[i % image.size()];
  }
};

// One step to sigma = 0 ends at the guided x0.
std::vector<double> guided_image(const nf::any_guidance& rule, const nf::shape& extents, const images::condition& c,
                                 const images::condition& u) {
  images model;
  nf::with_low_pass<images, double> split{model};
  const nf::edm edm;
  const nf::sampler sample{nf::ddim{}, edm, nf::trajectory{nf::levels_from_sigmas(edm, std::vector{2.0, 0.0})}, rule,
                           nf::predicts_x0{}};
  nf::tensor<double> x(extents);
  const std::vector<images::condition> further(1);
  sample(split, x, {.start = nf::start_from::given, .conditional = c, .unconditional = u, .further = further});
  return {x.elements().begin(), x.elements().end()};
}

}  // namespace

TEST_CASE("Frequency-decoupled guidance weighs smooth and fine differences apart") {
  const nf::shape extents{2, 3, 8, 6};
  const nf::fdg rule{.low = 2, .high = 5};
  const std::vector<double> grey(48, 1.0), none(48, 0.0);
  for (const double v : guided_image(rule, extents, grey, none)) CHECK(v == Approx(1 + 2));
  std::vector<double> checked(48);
  for (std::size_t y = 0; y < 8; ++y)
    for (std::size_t x = 0; x < 6; ++x) checked[y * 6 + x] = (x + y) % 2 == 0 ? 1 : -1;
  const auto fine = guided_image(rule, extents, checked, none);
  for (std::size_t i = 0; i < fine.size(); ++i) CHECK(fine[i] == Approx((1 + 5) * checked[i % 48]));
  // Planes do not touch: a grey channel beside a fine one.
  std::vector<double> both(grey);
  both.insert(both.end(), checked.begin(), checked.end());
  const auto apart = guided_image(rule, {1, 2, 8, 6}, both, std::vector<double>(96, 0.0));
  CHECK(apart[0] == Approx(3));
  CHECK(apart[48] == Approx(6));
  // Odd sizes, and images of one line.
  for (const double v : guided_image(rule, {1, 1, 7, 5}, std::vector<double>(35, 1.0), std::vector<double>(35, 0.0)))
    CHECK(v == Approx(3));
  for (const double v : guided_image(rule, {1, 1, 1, 5}, std::vector<double>(5, 1.0), std::vector<double>(5, 0.0)))
    CHECK(v == Approx(3));
}

TEST_CASE("Frequency-decoupled guidance is the plain one, without a filter, where its weights agree") {
  CHECK(nf::fdg{.low = 2, .high = 2}.needs({}) == nf::branch_set{0, 1});
  CHECK(nf::fdg{.low = 0, .high = 0}.needs({}) == nf::branch_set{0});
  CHECK(nf::fdg{.low = -1, .high = -1}.needs({}) == nf::branch_set{1});
  CHECK(nf::fdg{.low = 1, .high = 0}.needs({}) == nf::branch_set{0, 1, 2});
  const std::vector<double> c{1, 2, 3, 4}, u{0, 1, 0, 1};
  CHECK(guided_image(nf::fdg{.low = 2, .high = 2}, {1, 1, 2, 2}, c, u) ==
        guided_image(nf::classifier_free{.weight = 2}, {1, 1, 2, 2}, c, u));
  nf::tensor<double> flat({1, 4});
  CHECK_THROWS_WITH(nf::pyramid_low_pass<double>{flat.extents()}, ContainsSubstring("images"));
}

TEST_CASE("Rectified guidance narrows the class and leaves its mean") {
  constexpr std::size_t count = 400, size = 3;
  const gaussians::condition own{.mean = 1.5}, any{.mean = -2, .variance = 4};
  gaussians model;
  // Normals whose mean is 0: each with its negative.
  nf::tensor<double> start({count, size});
  nf::normals({3, 0, 0, size}, 0, count * size / 2, start.data());
  for (std::size_t i = 0; i < count * size / 2; ++i) start[count * size / 2 + i] = -start[i];
  const nf::trajectory low = nf::uniform_lambda{.steps = 12, .sigma_max = 2}(schedule);
  for (double& x : start.elements()) x += 0.5 * low.front().alpha;
  const nf::run_options<gaussians::condition> options{
      .start = nf::start_from::given, .conditional = own, .unconditional = any};
  const auto looks = [&](auto& network, const nf::weight_schedule& w) {
    nf::tensor<double> x = start;
    nf::sampler{nf::dpm_multistep{}, schedule, low, nf::classifier_free{.weight = w}}(network, x, options);
    std::array<double, 2> mean_and_variance{};
    for (std::size_t i = 0; i < count; ++i) mean_and_variance[0] += x[i * size] / count;
    for (std::size_t i = 0; i < count; ++i)
      mean_and_variance[1] += (x[i * size] - mean_and_variance[0]) * (x[i * size] - mean_and_variance[0]) / count;
    return mean_and_variance;
  };
  const nf::sampler unguided{nf::dpm_multistep{}, schedule, low};
  nf::tensor<double> pilot = start;
  const nf::recfg_table table = nf::measure_recfg(unguided, model, pilot, options, 0);
  CHECK(table.sigmas.size() == 12);
  // Where the noise hides the mean, a ratio of means is not believed.
  pilot = start;
  CHECK(nf::measure_recfg(unguided, model, pilot, options, 1e9).ratios.front() == std::vector<double>{1, 1, 1});
  CHECK(table.ratios.front()[0] == Approx(-(1.0 / 5) / (2.5 / 8)).epsilon(1e-6));
  nf::with_recfg<gaussians, double> rectified{model, table, any};
  const auto plain = looks(model, 0), guided = looks(model, 2), mended = looks(rectified, 2);
  CHECK(std::abs(guided[0] - plain[0]) > 0.3);
  CHECK(mended[0] ==
        Approx(plain[0]).epsilon(1e-9));  // the network is affine, so the mean's outputs are the outputs' mean
  CHECK(mended[1] < 0.9 * plain[1]);

  std::vector<double> at(size);
  nf::recfg_table two{{4, 1}, {{1, 2, 3}, {3, 2, 1}}};
  two.at(2, at);
  CHECK(at[0] == Approx(2));
  CHECK(at[2] == Approx(2));
  two.at(9, at);
  CHECK(at == std::vector<double>{1, 2, 3});
  two.at(0, at);
  CHECK(at == std::vector<double>{3, 2, 1});
  CHECK_THROWS_WITH((nf::recfg_table{{1, 4}, {{1}, {1}}}.check()), ContainsSubstring("falling order"));
  CHECK_THROWS_WITH((nf::with_recfg<gaussians, double>{model, {}, any}), ContainsSubstring("0 sigmas, 0 lists"));
}
