// Guided sampling of Gaussians against the laws that it has in closed form: conditional N(1.5, a), unconditional N(0, b).
// The numbers come from an independent program.
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/neutral.hpp>
#include <noisefall/guidance/temperature.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/solver/dpm_multistep.hpp>
#include <noisefall/solver/dpm_pp_2m.hpp>
#include <noisefall/solver/erased.hpp>
#include <noisefall/solver/heun.hpp>
#include <noisefall/trajectory/karras.hpp>
#include <noisefall/trajectory/lists.hpp>

#include "catch.hpp"

namespace nf = noisefall;

namespace {

constexpr double mu = 1.5;
const nf::edm schedule{};

// As eps at alpha = 1: everything is affine in the state.
struct two_gaussians {
  using condition = int;
  double a = 1, b = 4;
  void predict(nf::view<double> x, const nf::evaluation& at, const int& which, nf::mutable_view<double> out) const {
    const double mean = which == 0 ? mu : 0, variance = which == 0 ? a : b, s = at.level(0).sigma;
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = s * (x[i] - mean) / (variance + s * s);
  }
};

struct law {
  double mean, variance;
};

// Uniform in log sigma between neighbours of `through`, `steps` on each piece, and then 0.
nf::trajectory pieces(const std::vector<double>& through, std::size_t steps) {
  std::vector<double> sigmas;
  for (std::size_t k = 0; k + 1 < through.size(); ++k)
    for (std::size_t i = 0; i < steps; ++i)
      sigmas.push_back(through[k] *
                       std::pow(through[k + 1] / through[k], static_cast<double>(i) / static_cast<double>(steps)));
  sigmas.push_back(through.back());
  sigmas.push_back(0);
  return nf::trajectory{nf::levels_from_sigmas(schedule, sigmas)};
}

// A sampler that is affine in the state is known from two states.
law law_of(const nf::sampler& sample, const law& start, two_gaussians model = {}) {
  nf::tensor<double> x({2, 1});
  x[0] = start.mean;
  x[1] = start.mean + std::sqrt(start.variance);
  sample(model, x, {.start = nf::start_from::given, .conditional = 0, .unconditional = 1});
  return {x[0], (x[1] - x[0]) * (x[1] - x[0])};
}

// By Heun's method, on a grid and on one that is twice as fine: of second order, so that what both say together is
// exact to the fourth.
law exact_law(const nf::weight_schedule& w, const std::vector<double>& through, const law& start,
              two_gaussians model = {}, std::size_t steps = 400) {
  const auto at = [&](std::size_t n) {
    return law_of(nf::sampler{nf::heun{}, schedule, pieces(through, n), nf::classifier_free{.weight = w}}, start,
                  model);
  };
  const law coarse = at(steps), middle = at(2 * steps), fine = at(4 * steps);
  const auto order = [](double a, double b, double c) { return std::log2((a - b) / (b - c)); };
  CHECK(order(coarse.variance, middle.variance, fine.variance) == Approx(2).margin(0.1));
  const auto together = [](double a, double b) { return b + (b - a) / 3; };
  return {together(middle.mean, fine.mean), together(middle.variance, fine.variance)};
}

constexpr double far = 1e7, high = 1e5, near = 1e-5;  // of sigma

void check(const law& got, double mean, double variance, double tolerance = 2e-7) {
  CHECK(got.mean == Approx(mean).margin(tolerance));
  CHECK(got.variance == Approx(variance).margin(tolerance));
}

}  // namespace

TEST_CASE("Constant weights have the ODE's closed forms, by a method of second order") {
  struct row {
    double w, mean, variance;
  };
  for (const auto& [w, mean, variance] : {row{-0.5, 0.9194554260, 2}, row{0.5, 1.8576762324, 0.5},
                                          row{1, 2.0702594972, 0.25}, row{2, 2.25, 0.0625}, row{4, 2.25, 0.00390625}}) {
    INFO("w = " << w);
    check(exact_law(w, {far, near}, {0, far * far}), mean, variance, 1e-6);
  }
  check(exact_law(2, {80, near}, {0, 6400}), 2.2359364018, 0.0625488251);
  // A class that is wider than the whole: guidance inflates.
  CHECK(exact_law(1, {far, near}, {0, far * far}, {.a = 4, .b = 1}).variance == Approx(16).margin(1e-4));
}

TEST_CASE("Neutral windows move the mean and leave the variance") {
  struct row {
    double w1, w2, mean;
  };
  for (const auto& [w1, w2, mean] : {row{1, 1, 1.98802179}, row{2, 1, 2.38107158}, row{4, 1, 3.01887145},
                                     row{6.5, 1, 3.66381170}, row{2, 0.5, 2.20652073}, row{2, 2, 2.55717193}}) {
    INFO("w1 = " << w1 << ", w2 = " << w2);
    const double sigma1 = nf::neutral_sigma(1, 4, w1, w2);
    check(exact_law(nf::neutral_window(1, 4, w1, w2), {high, sigma1, near}, {mu, 1 + high * high}), mean, 1);
  }
}

TEST_CASE("An interval has its closed form") {
  check(exact_law(nf::weight_schedule::interval(2, 0.19, 1.61), {high, 1.61, 0.19, near}, {mu, 1 + high * high}),
        1.8502518, 0.2219372745, 1e-6);
}

TEST_CASE("Weights that are linear in sigma squared, neutral and not, have their closed forms") {
  struct row {
    double top, w0, mean;
  };
  for (const auto& [top, w0, mean] :
       {row{10, -1, 1.69064267}, row{10, -0.5, 1.59091560}, row{25, -1, 1.92469739}, row{100, -1, 2.58452531}}) {
    INFO("T = " << top << ", w0 = " << w0);
    const auto w = nf::weight_schedule::linear(w0, nf::neutral_slope(1, 4, std::sqrt(top), w0));
    check(exact_law(w, {std::sqrt(top), near}, {mu, 1 + top}), mean, 1);
  }
  CHECK(exact_law(nf::weight_schedule::linear(-0.5, 0.2), {5, near}, {mu, 26}).variance ==
        Approx(0.7448038879).margin(1e-7));
}

TEST_CASE("2M keeps its second order through a window, because the trajectory is snapped and the history cut") {
  const double sigma1 = nf::neutral_sigma(1, 4, 2, 1);
  const nf::classifier_free rule{.weight = nf::weight_schedule::window(2, 1, sigma1)};
  const law through = exact_law(rule.weight, {80, sigma1, near}, {0, 6400});
  check(through, 2.3248471852, 1.0007812002);
  const double exact = through.variance;
  const auto error = [&](std::size_t nodes, bool snapped) {
    const nf::trajectory path =
        nf::karras{.steps = nodes, .sigma_min = 0.002, .sigma_max = 80, .end = nf::final_level::zero}(schedule);
    const nf::trajectory as_given{{path.legs().begin(), path.legs().end()}, nf::trajectory_kind::compat};
    return std::abs(law_of({nf::dpm_pp_2m{}, schedule, snapped ? path : as_given, rule}, {0, 6400}).variance - exact);
  };
  // Five doublings: where the snapped level lies among its neighbours differs from grid to grid.
  CHECK(std::log2(error(80, true) / error(2560, true)) / 5 == Approx(2).margin(0.1));
  CHECK(error(2560, true) < 0.01 * error(2560, false));
}

TEST_CASE("A temperature samples the narrower Gaussian") {
  // N(0, 4) at k = 4 is N(0, 1).
  const auto at = [](std::size_t steps) {
    const nf::sampler sample{nf::heun{}, schedule, pieces({1e4, 1e-4}, steps),
                             nf::temperature{.weight = -1, .inverse_temperature = 4, .data_deviation = 2}};
    return law_of(sample, {0, 1e8}).variance;
  };
  CHECK(at(800) + (at(800) - at(400)) / 3 == Approx(1).margin(1e-6));
}

namespace {

// By 40000 samples of the reverse SDE, of second weak order.
void check_sde(const nf::weight_schedule& w, double mean, double variance) {
  constexpr std::size_t samples = 40000;
  std::vector<double> through{80, 0.01};
  const nf::sampler sample{nf::dpm_multistep{.tau_squared = 1}, schedule, pieces(through, 300),
                           nf::classifier_free{.weight = w}};
  nf::tensor<double> x({samples, 1});
  two_gaussians model;
  sample(model, x, {.seed = 11, .conditional = 0, .unconditional = 1});
  double first = 0, second = 0;
  for (const double v : x.elements()) first += v / samples;
  for (const double v : x.elements()) second += (v - first) * (v - first) / samples;
  CHECK(std::abs(first - mean) < 4 * std::sqrt(variance / samples));
  CHECK(std::abs(second - variance) < 4 * variance * std::sqrt(2.0 / samples));
}

}  // namespace

TEST_CASE("Constant weights have the SDE's closed forms") {
  check_sde(-0.5, 1.0, 1.8483924815);
  check_sde(0.5, 1.75, 0.625);
  check_sde(1, 1.875, 0.4375);
  check_sde(2, 1.96875, 0.26640625);
  check_sde(4, 1.998046875, 0.1481475830);
}

TEST_CASE("A window that is neutral for the ODE inflates under the SDE, and the SDE's own does not") {
  struct row {
    double w1, inflated, mean;
  };
  for (const auto& [w1, inflated, mean] :
       {row{1, 2.111, 1.78070499}, row{2, 2.632, 1.90276391}, row{4, 3.121, 1.98106862}}) {
    INFO("w1 = " << w1);
    check_sde(nf::neutral_window(1, 4, w1, 1), mu, inflated);
    check_sde(nf::neutral_window(1, 4, w1, 1, 1), mean, 1);
  }
}
