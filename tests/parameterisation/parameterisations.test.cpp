// Every parameterisation: conversions undo the definition of the network's output, and have their limits.
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/parameterisation/edm.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/parameterisation/score.hpp>
#include <noisefall/parameterisation/trigflow.hpp>
#include <noisefall/parameterisation/v.hpp>
#include <noisefall/parameterisation/x0.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

static_assert(nf::Parameterisation<nf::predicts_eps> && nf::Parameterisation<nf::predicts_x0>);
static_assert(nf::Parameterisation<nf::predicts_v> && nf::Parameterisation<nf::predicts_score>);
static_assert(nf::Parameterisation<nf::predicts_flow> && nf::Parameterisation<nf::edm_precond>);
static_assert(nf::Parameterisation<nf::predicts_trig_flow> && nf::Parameterisation<nf::any_parameterisation>);

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

const std::vector<nf::noise_level> vp{{1, 0.8, 0.6}, {2, 0.28, 0.96}, {3, 0.96, 0.28}};
const std::vector<nf::noise_level> flow{{0.1, 0.9, 0.1}, {0.7, 0.3, 0.7}};
const std::vector<nf::noise_level> ve{{0.002, 1, 0.002}, {1.5, 1, 1.5}, {80, 1, 80}};
const std::vector<nf::noise_level> pure_noise{{1, 0, 1}, {1, 0, 0.5}};
const std::vector<nf::noise_level> clean{{0, 1, 0}};

// Of the network output for data x0 = 0.7 and noise eps = -1.3, both are found again.
template <class Output>
void recovers(const nf::any_parameterisation& p, const std::vector<nf::noise_level>& levels, const Output& output) {
  const double x0 = 0.7, eps = -1.3;
  for (const nf::noise_level& at : levels) {
    INFO("alpha " << at.alpha << " sigma " << at.sigma);
    const double x = at.alpha * x0 + at.sigma * eps, out = output(at, x0, eps);
    const nf::affine to_x0 = p.to_x0(at), to_eps = p.to_eps(at);
    CHECK_THAT(to_x0.x * x + to_x0.out * out, WithinAbs(x0, 2e-14));
    CHECK_THAT(to_eps.x * x + to_eps.out * out, WithinAbs(eps, 1e-12));
  }
}

}  // namespace

TEST_CASE("noise prediction gives back data and noise") {
  const auto f = [](const nf::noise_level&, double, double eps) { return eps; };
  recovers(nf::predicts_eps{}, vp, f);
  recovers(nf::predicts_eps{}, flow, f);
  recovers(nf::predicts_eps{}, clean, f);
}

TEST_CASE("data prediction gives back data and noise") {
  const auto f = [](const nf::noise_level&, double x0, double) { return x0; };
  recovers(nf::predicts_x0{}, vp, f);
  recovers(nf::predicts_x0{}, flow, f);
  recovers(nf::predicts_x0{}, pure_noise, f);
}

TEST_CASE("v prediction gives back data and noise, also for pure noise and clean data") {
  const auto f = [](const nf::noise_level& at, double x0, double eps) {
    return (at.alpha * eps - at.sigma * x0) / std::hypot(at.alpha, at.sigma);
  };
  for (const auto& levels : {vp, flow, ve, pure_noise, clean}) recovers(nf::predicts_v{}, levels, f);
}

TEST_CASE("on a state x0 + sigma eps v prediction has the coefficients of k-diffusion") {
  const nf::affine d = nf::predicts_v{}.to_x0({3, 1, 3});
  CHECK_THAT(d.x, WithinRel(1 / 10.0, 1e-15));
  CHECK_THAT(d.out, WithinRel(-3 / std::sqrt(10.0), 1e-15));
}

TEST_CASE("score prediction gives back data and noise") {
  const auto f = [](const nf::noise_level& at, double, double eps) { return -eps / at.sigma; };
  recovers(nf::predicts_score{}, vp, f);
  recovers(nf::predicts_score{}, ve, f);
}

TEST_CASE("flow prediction gives back data and noise, also for pure noise and clean data") {
  const auto f = [](const nf::noise_level&, double x0, double eps) { return eps - x0; };
  for (const auto& levels : {flow, vp, ve, pure_noise, clean}) recovers(nf::predicts_flow{}, levels, f);
  const auto g = [](const nf::noise_level&, double x0, double eps) { return x0 - eps; };
  recovers(nf::predicts_flow{.reversed = true}, flow, g);
}

TEST_CASE("EDM preconditioning gives back data and noise, also for pure noise and clean data") {
  for (const double s : {0.5, 1.0})
    for (const auto output : {nf::edm_output::eps_like, nf::edm_output::v_like}) {
      const double sign = output == nf::edm_output::eps_like ? 1 : -1;
      // F solves x0 = c_skip y + c_out F at y = x / alpha, in the form that is finite at alpha = 0 and at sigma = 0.
      const auto f = [&](const nf::noise_level& at, double x0, double eps) {
        const double d = std::hypot(at.sigma, s * at.alpha);
        return sign * (at.sigma * x0 - s * s * at.alpha * eps) / (s * d);
      };
      for (const auto& levels : {vp, ve, pure_noise, clean})
        recovers(nf::edm_precond{.sigma_data = s, .output = output}, levels, f);
    }
}

TEST_CASE("EDM preconditioning has the published coefficients") {
  const nf::edm_precond p{};
  const nf::noise_level at{2, 1, 2};
  CHECK_THAT(p.to_x0(at).x, WithinRel(0.25 / 4.25, 1e-15));
  CHECK_THAT(p.to_x0(at).out, WithinRel(1 / std::sqrt(4.25), 1e-15));
  CHECK_THAT(p.input_scale(at), WithinRel(1 / std::sqrt(4.25), 1e-15));
  CHECK_THAT(p.label(at), WithinRel(std::log(2.0) / 4, 1e-15));
  CHECK_THAT(p.label({80, 1, 80}), WithinRel(1.0955066586684703, 1e-15));
  const nf::edm_precond audio{.sigma_data = 1, .output = nf::edm_output::v_like, .fed = nf::edm_label::arctan};
  CHECK_THAT(audio.to_x0(at).out, WithinRel(-2 / std::sqrt(5.0), 1e-15));
  CHECK_THAT(audio.label({1, 1, 1}), WithinRel(0.5, 1e-15));
  CHECK(audio.label({1, 0, 1}) == 1);
}

TEST_CASE("a preconditioned network sees the same input whatever the scale of the state") {
  const nf::edm_precond p{};
  const nf::noise_level a{0, 1, 3}, b{0, 1 / std::sqrt(10.0), 3 / std::sqrt(10.0)};
  CHECK_THAT(p.input_scale(b) * b.alpha, WithinRel(p.input_scale(a), 1e-15));
  CHECK_THAT(p.to_x0(b).x * b.alpha, WithinRel(p.to_x0(a).x, 1e-15));
  CHECK_THAT(p.to_x0(b).out, WithinRel(p.to_x0(a).out, 1e-15));
}

TEST_CASE("trig flow prediction gives back data and noise, also for pure noise and clean data") {
  const double s = 0.5;
  std::vector<nf::noise_level> levels{{0, 1, 0}, {std::numbers::pi / 2, 0, s}};
  for (const double t : {0.1, 0.8, 1.5}) levels.push_back({t, std::cos(t), s * std::sin(t)});
  const auto f = [&](const nf::noise_level& at, double x0, double eps) {
    return (s * at.alpha * eps - at.sigma / s * x0) / s;
  };
  recovers(nf::predicts_trig_flow{.sigma_data = s}, levels, f);
  CHECK(nf::predicts_trig_flow{}.input_scale(levels[0]) == 2);
}

TEST_CASE("where a limit does not exist the conversion is infinite") {
  CHECK(nf::predicts_eps{}.to_x0({1, 0, 1}).x == infinity);
  CHECK(nf::predicts_eps{}.to_x0({1, 0, 1}).out == -infinity);
  CHECK(nf::predicts_score{}.to_x0({1, 0, 1}).x == infinity);
  CHECK(nf::predicts_x0{}.to_eps({0, 1, 0}).x == infinity);
  CHECK(nf::predicts_x0{}.to_eps({0, 1, 0}).out == -infinity);
}

TEST_CASE("labels follow the level's time, and a flow's its sigma") {
  const nf::noise_level at{0.25, 0.6, 0.8};
  CHECK(nf::predicts_eps{}.label(at) == 0.25);
  CHECK(nf::predicts_x0{}.label(at) == 0.25);
  CHECK(nf::predicts_v{}.label(at) == 0.25);
  CHECK(nf::predicts_score{}.label(at) == 0.25);
  CHECK(nf::predicts_trig_flow{}.label(at) == 0.25);
  CHECK(nf::predicts_flow{}.label(at) == 800);
  CHECK(nf::predicts_flow{.label_scale = -1, .label_offset = 1}.label({0.25, 0.75, 0.25}) == 0.75);
  CHECK(nf::predicts_eps{.label_scale = 1000, .label_offset = -1}.label(at) == 249);
}

TEST_CASE("the erased parameterisation gives the bits of the one inside") {
  const nf::edm_precond p{.sigma_data = 0.7};
  const nf::any_parameterisation erased{p};
  const nf::any_parameterisation copy = erased;
  for (const nf::noise_level& at : ve) {
    CHECK(copy.to_x0(at).x == p.to_x0(at).x);
    CHECK(copy.to_x0(at).out == p.to_x0(at).out);
    CHECK(copy.to_eps(at).x == p.to_eps(at).x);
    CHECK(copy.to_eps(at).out == p.to_eps(at).out);
    CHECK(copy.input_scale(at) == p.input_scale(at));
    CHECK(copy.label(at) == p.label(at));
  }
}

TEST_CASE("settings out of range are refused") {
  CHECK_THROWS_AS((nf::predicts_eps{.label_scale = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::predicts_flow{.label_scale = infinity}.check()), nf::error);
  CHECK_THROWS_AS((nf::edm_precond{.sigma_data = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::predicts_trig_flow{.sigma_data = -1}.check()), nf::error);
  CHECK_THROWS_AS((nf::any_parameterisation{nf::edm_precond{.sigma_data = 0}}.check()), nf::error);
  CHECK_NOTHROW(nf::predicts_v{}.check());
}
