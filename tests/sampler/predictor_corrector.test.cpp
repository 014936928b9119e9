// Predictor-corrector sampling against the paper's loops, and its life as a run.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/noisefall.hpp>
#include <noisefall/sampler/checkpoint.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace {

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;
using rows = std::vector<std::vector<double>>;  // [sample][element]
using kind = nf::predictor_corrector::reverse;

constexpr std::size_t samples = 3, size = 5;

// The score of x = x0 + sigma * eps, different for every element; `label` is what the network is told.
double score_of(double x, double sigma, double label, std::size_t element) {
  return (std::tanh(0.7 * x) - x + 0.2 * std::sin(static_cast<double>(element))) / (sigma * sigma + 0.3) +
         0.01 * std::cos(label);
}
auto network() {
  return nf::predictor_from<int>([](nf::view<double> x, const nf::evaluation& at, int, nf::mutable_view<double> out) {
    for (std::size_t i = 0; i < x.samples(); ++i)
      for (std::size_t e = 0; e < x.sample_size(); ++e) {
        const nf::noise_level& l = at.level(i);
        out.sample(i)[e] = score_of(x.sample(i)[e] / l.alpha, l.rho(), at.label(i), e) / l.alpha;
      }
  });
}

rows normals(std::uint32_t step, std::size_t n = samples) {
  std::vector<double> all(n * size);
  nf::philox{3}.fill(std::span<double>{all}, size, {.step = step});
  rows z(n);
  for (std::size_t i = 0; i < n; ++i)
    z[i].assign(all.begin() + static_cast<long>(i * size), all.begin() + static_cast<long>((i + 1) * size));
  return z;
}
double norm(const std::vector<double>& of) {
  return std::sqrt(std::inner_product(of.begin(), of.end(), of.begin(), 0.0));
}

// Algorithms 2 and 4 in y = x0 + rho * eps, for sigmas that fall; labels are the sigmas.
rows by_hand(rows y, const std::vector<double>& sigmas, const nf::predictor_corrector& by) {
  std::uint32_t draw = 0;
  const auto scores = [&](double sigma) {
    rows g = y;
    for (auto& sample : g)
      for (std::size_t e = 0; e < size; ++e) sample[e] = score_of(sample[e], sigma, sigma, e);
    return g;
  };
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    for (std::size_t k = 0; k < by.corrections; ++k) {
      const rows g = scores(sigmas[i]), z = normals(draw++);
      double g_mean = 0, z_mean = 0;
      for (std::size_t s = 0; s < samples; ++s) {
        g_mean += norm(g[s]) / samples;
        z_mean += norm(z[s]) / samples;
      }
      for (std::size_t s = 0; s < samples; ++s) {
        const double ratio = by.couples_batch ? z_mean / g_mean : norm(z[s]) / norm(g[s]);
        const double step = 2 * std::pow(by.snr * ratio, 2);
        for (std::size_t e = 0; e < size; ++e) y[s][e] += step * g[s][e] + std::sqrt(2 * step) * z[s][e];
      }
    }
    const rows g = scores(sigmas[i]), z = normals(draw++);
    const double s = sigmas[i], t = sigmas[i + 1], lost = s * s - t * t;
    double noise = by.predictor == kind::ancestral ? std::sqrt(t * t * lost / (s * s)) : std::sqrt(lost);
    if (i + 2 == sigmas.size()) noise = 0;
    for (std::size_t k = 0; k < samples; ++k)
      for (std::size_t e = 0; e < size; ++e) y[k][e] += lost * g[k][e] + noise * z[k][e];
  }
  return y;
}

nf::tensor<double> drawn(const nf::sampler& sample, std::size_t first = 0, std::size_t n = samples, double scale = 3) {
  nf::tensor<double> x({n, size});
  const rows start = normals(1000);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t e = 0; e < size; ++e) x[i * size + e] = scale * start[first + i][e];
  auto model = network();
  sample(model, x, {.seed = 3, .first_sample = first, .start = nf::start_from::given});
  return x;
}

nf::trajectory path_of(const std::vector<double>& sigmas, bool preserving) {
  std::vector<nf::leg> legs;
  const auto level = [&](double rho) {
    const double alpha = preserving ? 1 / std::hypot(1, rho) : 1;
    return nf::noise_level{rho, alpha, rho * alpha};
  };
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i)
    legs.push_back({level(sigmas[i]), level(sigmas[i + 1]), sigmas[i]});
  return {std::move(legs), nf::trajectory_kind::descending};
}
nf::sampler sampler_of(const nf::predictor_corrector& by, const std::vector<double>& sigmas, bool preserving = false) {
  return {by, nf::edm{}, path_of(sigmas, preserving), nf::unguided{}, nf::predicts_score{}};
}

const std::vector<double> falling{3, 1.4, 0.6, 0.25, 0};

}  // namespace

TEST_CASE("the predictor-corrector's steps are the paper's, whatever the process") {
  for (const std::size_t corrections : {0, 1, 3})
    for (const kind predictor : {kind::reverse_diffusion, kind::ancestral})
      for (const bool couples : {false, true})
        for (const bool preserving : {false, true})
          for (const bool to_zero : {false, true}) {
            const nf::predictor_corrector by{corrections, 0.2, predictor, couples};
            std::vector<double> sigmas = falling;
            if (!to_zero) sigmas.back() = 0.1;
            CAPTURE(corrections, couples, preserving, to_zero);
            rows y = normals(1000);
            const double first = preserving ? 1 / std::hypot(1, 3.0) : 1;
            for (auto& sample : y)
              for (double& v : sample) v *= 3 / first;
            const rows expected = by_hand(y, sigmas, by);
            const nf::tensor<double> x = drawn(sampler_of(by, sigmas, preserving));
            const double last = preserving ? 1 / std::hypot(1, sigmas.back()) : 1;
            for (std::size_t i = 0; i < samples; ++i)
              for (std::size_t e = 0; e < size; ++e)
                CHECK(x[i * size + e] / last ==
                      Approx(expected[i][e]).epsilon(1e-6).margin(1e-7));  // of philox's floats
          }
}

TEST_CASE("the means over the batch couple samples, their own norms do not") {
  for (const bool couples : {false, true}) {
    const nf::sampler sample = sampler_of({.snr = 0.2, .couples_batch = couples}, falling);
    const nf::tensor<double> all = drawn(sample), alone = drawn(sample, 1, 1);
    bool same = true;
    for (std::size_t e = 0; e < size; ++e) same = same && alone[e] == all[size + e];
    CHECK(same != couples);
  }
}

TEST_CASE("corrections bring what few steps leave of the variance back") {
  // data of variance 1, whose score is known: the reverse process alone, in ten steps, misses it by more
  auto model =
      nf::predictor_from<int>([](nf::view<double> x, const nf::evaluation& at, int, nf::mutable_view<double> out) {
        const double variance = 1 + at.level(0).sigma * at.level(0).sigma;
        for (std::size_t i = 0; i < x.size(); ++i) out.data()[i] = -x.data()[i] / variance;
      });
  const auto miss = [&](std::size_t corrections) {
    const nf::sampler sample{nf::predictor_corrector{.corrections = corrections}, nf::ve{.sigma_max = 20},
                             nf::exponential{.steps = 10}, nf::unguided{}, nf::predicts_score{}};
    nf::tensor<double> x({200, 100});
    sample(model, x, {.seed = 5});
    double square = 0;
    for (const double v : x.elements()) square += v * v / static_cast<double>(x.size());
    return std::abs(square - 1);
  };
  const double plain = miss(0), corrected = miss(5);
  CAPTURE(plain, corrected);
  CHECK(corrected < 0.5 * plain);
}

TEST_CASE("a sample whose score is 0 is not corrected") {
  auto model =
      nf::predictor_from<int>([](nf::view<double> x, const nf::evaluation&, int, nf::mutable_view<double> out) {
        for (std::size_t i = 0; i < x.size(); ++i) out.data()[i] = 0;
      });
  nf::tensor<double> x({1, size});
  for (std::size_t e = 0; e < size; ++e) x[e] = static_cast<double>(e);
  const auto result = sampler_of({.corrections = 2}, {1, 0})(model, x, {.start = nf::start_from::given});
  CHECK(result.how == nf::outcome::finished);
  CHECK(result.evaluations == 3);
  for (std::size_t e = 0; e < size; ++e) CHECK(x[e] == static_cast<double>(e));
}

TEST_CASE("a predictor-corrector's run may be resumed after every step, and knows its trajectory") {
  const nf::predictor_corrector by{.corrections = 2, .couples_batch = true};
  const nf::sampler sample = sampler_of(by, falling);
  const nf::tensor<double> whole = drawn(sample);
  auto model = network();
  const nf::run_options<int> options;
  const auto started = [&](const nf::sampler& with, nf::tensor<double>& x) {
    const rows start = normals(1000);
    for (std::size_t i = 0; i < samples; ++i)
      for (std::size_t e = 0; e < size; ++e) x[i * size + e] = 3 * start[i][e];
    return with.start(nf::mutable_view<double>{x}, {.seed = 3, .start = nf::start_from::given});
  };
  for (std::size_t stop = 0; stop < 4; ++stop) {
    nf::tensor<double> x({samples, size}), y({samples, size});
    auto first = started(sample, x), second = started(sample, y);
    while (first.steps_done() < stop) nf::step(first, model, options);
    const auto saved = nf::save(first);
    second.next();
    nf::answer(second, model, options);  // in the middle of a step, which loading forgets
    nf::load(second, saved);
    while (!second.done()) nf::step(second, model, options);
    for (std::size_t i = 0; i < whole.size(); ++i) CHECK(y[i] == whole[i]);
  }
  // the same ends, but another level between them
  std::vector<double> others = falling;
  others[2] = 0.5;
  nf::tensor<double> x({samples, size}), y({samples, size});
  auto one = started(sample, x);
  const auto saved = nf::save(one);
  auto other = started(sampler_of(by, others), y);
  CHECK_THAT(message_of([&] { nf::load(other, saved); }), ContainsSubstring("sampler"));
}

TEST_CASE("what a predictor-corrector will draw is asked of the source before it begins") {
  const nf::sampler sample = sampler_of({.corrections = 1}, {2, 1, 0});
  auto model = network();
  nf::tensor<double> x({1, size});
  std::vector<nf::recorded_draw<double>> draws;
  for (const std::uint32_t step : {0u, 1u, 2u}) draws.push_back({step, 0, normals(step, 1)[0]});
  const auto run = [&] { sample(model, x, {.start = nf::start_from::given}, nf::recorded_noise<double>{draws}); };
  CHECK_NOTHROW(run());  // the last step draws nothing
  draws.pop_back();
  CHECK_THAT(message_of(run), ContainsSubstring("no draw for step 2, slot 0"));
  nf::tensor<double> y({samples, size});
  CHECK_NOTHROW(sample(model, y, {.start = nf::start_from::given}, nf::torch_cpu{.seed = 1}));
  CHECK_NOTHROW(sample(model, y, {.start = nf::start_from::given}, nf::brownian_path{.seed = 1}));
}

TEST_CASE("a predictor-corrector refuses what it cannot walk") {
  CHECK(message_of([] { nf::predictor_corrector{.snr = 0}.check(); }) ==
        "predictor_corrector.snr: is 0; allowed: 0 or more, and finite");
  CHECK(message_of([] { nf::predictor_corrector{.corrections = 101}.check(); }) ==
        "predictor_corrector.corrections: is 101; allowed: 0 to 100");
  const auto refusal = [](const nf::trajectory& path) {
    return message_of([&] { nf::sampler{nf::predictor_corrector{}, nf::edm{}, path}; });
  };
  CHECK_THAT(refusal(nf::trajectory{std::vector<nf::noise_level>{{1, 0, 1}, {0, 1, 0}}}),
             ContainsSubstring("predictor_corrector: a way from sigma/alpha inf to 0"));
  CHECK_THAT(refusal(nf::inversion(path_of({1, 0.5, 0.1}, false))), ContainsSubstring("legs that fall"));
  CHECK_THAT(refusal({{{{0, 1, 1}, {0, 1, 0.5}}, {{0, 1, 0.2}, {0, 1, 0.4}}, {{0, 1, 0.4}, {0, 1, 0}}},
                      nf::trajectory_kind::compat}),
             ContainsSubstring("a way from sigma/alpha 0.200000 to 0.400000"));
}
