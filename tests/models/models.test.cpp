#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include <noisefall/models/empirical.hpp>
#include <noisefall/models/gaussian.hpp>
#include <noisefall/models/gaussian_mixture.hpp>
#include <noisefall/tensor/span_algebra.hpp>

#include "catch.hpp"

using namespace noisefall;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

static_assert(NoisePredictor<gaussian_mixture, span_algebra<float>> && NoisePredictor<gaussian, span_algebra<double>>);

namespace {

const noise_level high{0, 0.1, 0.995}, middle{0, 0.6, 0.8}, low{0, 0.999, 0.04}, pure_noise{0, 0, 1}, clean{0, 1, 0},
    exploding{0, 1, 7};
const std::vector<noise_level> every_level{high, middle, low, pure_noise, clean, exploding};

mixture_law three() {
  return {.weights = {0.2, 0.5, 0.3},
          .means = {{1, -2, 0.5}, {-1, 0.3, 2}, {0.1, 0.2, -0.7}},
          .deviations = {0.3, 0.5, 0.2}};
}

template <class Model, class T = double>
std::vector<T> ask(Model& model, std::vector<T> x, std::vector<noise_level> levels,
                   const typename Model::condition& given = {}, std::size_t d = 3, double input_scale = 1) {
  std::vector<T> out(x.size());
  const shape extents{x.size() / d, d};
  model.predict(view<T>{x.data(), extents}, {.levels = levels, .input_scales = {&input_scale, 1}}, given,
                mutable_view<T>{out.data(), extents});
  return out;
}

struct means {
  std::vector<double> x0, eps;
};

// The formulas as they stand in print.
means expected(const mixture_law& law, const std::vector<double>& y, const noise_level& at,
               const std::vector<std::size_t>& components) {
  const std::size_t d = y.size();
  std::vector<double> l, v;
  double best = -1e300, total = 0;
  for (const std::size_t k : components) {
    double square = 0;
    for (std::size_t e = 0; e < d; ++e) square += std::pow(y[e] - at.alpha * law.means[k][e], 2);
    v.push_back(std::pow(at.alpha * law.deviations[k], 2) + at.sigma * at.sigma);
    l.push_back(std::log(law.weights[k]) - 0.5 * static_cast<double>(d) * std::log(v.back()) - square / (2 * v.back()));
    best = std::max(best, l.back());
  }
  for (const double value : l) total += std::exp(value - best);
  means made{std::vector<double>(d), std::vector<double>(d)};
  for (std::size_t j = 0; j < components.size(); ++j) {
    const double r = std::exp(l[j] - best) / total, s2 = std::pow(law.deviations[components[j]], 2);
    for (std::size_t e = 0; e < d; ++e) {
      const double mean = law.means[components[j]][e], rest = y[e] - at.alpha * mean;
      made.x0[e] += r * (mean + at.alpha * s2 / v[j] * rest);
      made.eps[e] += at.sigma * r * rest / v[j];
    }
  }
  return made;
}

void check_close(const std::vector<double>& got, const std::vector<double>& wanted, double tolerance = 1e-13) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t e = 0; e < got.size(); ++e)
    CHECK_THAT(got[e], WithinAbs(wanted[e], tolerance * (1 + std::abs(wanted[e]))));
}

const std::vector<double> state{0.4, -0.9, 1.3};

}  // namespace

TEST_CASE("a mixture predicts its posterior means, whatever is asked of it") {
  for (const noise_level& at : every_level) {
    const means m = expected(three(), state, at, {0, 1, 2});
    const double s = 0.7;
    const auto check = [&](network_output gives, auto of) {
      gaussian_mixture model{three(), gives, s};
      std::vector<double> wanted;
      for (std::size_t e = 0; e < 3; ++e) wanted.push_back(of(m.x0[e], m.eps[e], state[e]));
      INFO("output " << static_cast<int>(gives) << " at alpha " << at.alpha << ", sigma " << at.sigma);
      check_close(ask(model, state, {at}), wanted);
    };
    check(network_output::eps, [](double, double eps, double) { return eps; });
    check(network_output::x0, [](double x0, double, double) { return x0; });
    check(network_output::v, [&](double x0, double eps, double) { return at.alpha * eps - at.sigma * x0; });
    check(network_output::flow, [](double x0, double eps, double) { return eps - x0; });
    if (at.sigma == 0) continue;
    check(network_output::score, [&](double, double eps, double) { return -eps / at.sigma; });
    if (at.alpha == 0) continue;
    const double sigma = at.sigma / at.alpha, norm = std::hypot(sigma, s);
    const auto edm = [&](double x0, double, double y) {
      return (x0 - s * s / (norm * norm) * y / at.alpha) / (sigma * s / norm);
    };
    check(network_output::edm, edm);
    check(network_output::trigflow, [&](double x0, double eps, double y) { return -edm(x0, eps, y); });
  }
}

TEST_CASE("without noise a mixture sees the state, without signal its mean") {
  gaussian_mixture x0{three(), network_output::x0}, eps{three(), network_output::eps};
  check_close(ask(x0, state, {clean}), state);
  CHECK(ask(eps, state, {clean}) == std::vector<double>{0, 0, 0});
  check_close(ask(x0, state, {pure_noise}), {0.2 * 1 - 0.5 + 0.03, -0.4 + 0.15 + 0.06, 0.1 + 1 - 0.21});
  check_close(ask(eps, state, {pure_noise}), state);
}

TEST_CASE("noise levels near zero are as exact as zero") {
  gaussian_mixture x0{three(), network_output::x0};
  for (const double tiny : {1e-6, 1e-30, 1e-200}) {
    check_close(ask(x0, state, {{0, 1, tiny}}), state, 1e-9);
    check_close(ask(x0, state, {{0, tiny, 1}}), ask(x0, state, {pure_noise}), 1e-4);
  }
}

TEST_CASE("a condition keeps some components of a mixture") {
  gaussian_mixture model{three(), network_output::x0};
  for (const noise_level& at : every_level) {
    check_close(ask(model, state, {at}, {.only = {0, 2}}), expected(three(), state, at, {0, 2}).x0);
    check_close(ask(model, state, {at}, {.only = {1}}), expected(three(), state, at, {1}).x0);
    CHECK(ask(model, state, {at}, {.only = {0, 1, 2}}) == ask(model, state, {at}));
  }
}

TEST_CASE("a sample's prediction does not depend on its batch, bit for bit") {
  std::mt19937 bits{7};
  std::normal_distribution<float> normal;
  const std::size_t batch = 7;
  std::vector<float> x(batch * 3);
  for (float& value : x) value = normal(bits);
  std::vector<noise_level> levels;
  for (std::size_t i = 0; i < batch; ++i) levels.push_back(every_level[i % every_level.size()]);

  Eigen::Matrix3d covariance;
  covariance << 2, 0.5, 0.1, 0.5, 1, -0.3, 0.1, -0.3, 0.5;
  gaussian_mixture mixture{three(), network_output::v};
  gaussian full{{{.covariance = covariance}}, network_output::v};
  const auto check = [&](auto& model) {
    const std::vector<float> together = ask(model, x, levels);
    for (std::size_t i = 0; i < batch; ++i) {
      const auto first = static_cast<std::ptrdiff_t>(3 * i);
      const std::vector<float> own(x.begin() + first, x.begin() + first + 3);
      CHECK(ask(model, own, {levels[i]}) == std::vector<float>(together.begin() + first, together.begin() + first + 3));
    }
  };
  check(mixture);
  check(full);
}

TEST_CASE("the factor on a network's input is taken out again") {
  gaussian_mixture mixture{three()};
  gaussian one{{gaussian_law{}}};
  const std::vector<double> fed{0.5 * state[0], 0.5 * state[1], 0.5 * state[2]};
  CHECK(ask(mixture, fed, {middle}, {}, 3, 0.5) == ask(mixture, state, {middle}));
  CHECK(ask(one, fed, {middle}, {}, 3, 0.5) == ask(one, state, {middle}));
}

TEST_CASE("a mixture may write where it reads, and reads one half of a wider batch") {
  gaussian_mixture model{three()};
  std::vector<double> x = state;
  const shape extents{1, 3};
  const std::vector<noise_level> levels{middle};
  model.predict(view<double>{x.data(), extents}, {.levels = levels}, {}, mutable_view<double>{x.data(), extents});
  CHECK(x == ask(model, state, {middle}));

  std::vector<double> wide{0.4, -0.9, 1.3, 9, 9, 9, 0.4, -0.9, 1.3, 9, 9, 9}, out(12, 5);
  model.predict(view<double>{wide.data(), {2, 3}, 6}, {.levels = levels}, {},
                mutable_view<double>{out.data(), {2, 3}, 6});
  for (std::size_t e = 0; e < 3; ++e) {
    CHECK(out[e] == x[e]);
    CHECK(out[e + 3] == 5);
    CHECK(out[e + 6] == x[e]);
  }
}

TEST_CASE("a Gaussian is a mixture of one component") {
  for (const network_output gives : {network_output::eps, network_output::x0, network_output::v, network_output::flow,
                                     network_output::score, network_output::edm, network_output::trigflow}) {
    gaussian_mixture mixture{{{0.4}, {{1, -2, 0.5}}, {0.3}}, gives};
    gaussian diagonal{{{.mean = {1, -2, 0.5}, .variance = {0.09}}}, gives};
    gaussian full{{{.mean = {1, -2, 0.5}, .covariance = 0.09 * Eigen::Matrix3d::Identity()}}, gives};
    for (const noise_level& at : every_level) {
      check_close(ask(diagonal, state, {at}), ask(mixture, state, {at}));
      check_close(ask(full, state, {at}), ask(mixture, state, {at}));
    }
  }
}

TEST_CASE("a Gaussian with a full covariance predicts its posterior mean") {
  Eigen::Matrix3d covariance;
  covariance << 2, 0.5, 0.1, 0.5, 1, -0.3, 0.1, -0.3, 0.5;
  const Eigen::Vector3d mean{1, -2, 0.5}, y{state[0], state[1], state[2]};
  for (const noise_level& at : every_level) {
    const Eigen::Matrix3d total = at.alpha * at.alpha * covariance + at.sigma * at.sigma * Eigen::Matrix3d::Identity();
    const Eigen::Vector3d q = total.inverse() * (y - at.alpha * mean);
    const Eigen::Vector3d x0 = mean + at.alpha * covariance * q, eps = at.sigma * q;
    gaussian of_x0{{{.mean = {1, -2, 0.5}, .covariance = covariance}}, network_output::x0};
    gaussian of_eps{{{.mean = {1, -2, 0.5}, .covariance = covariance}}, network_output::eps};
    check_close(ask(of_x0, state, {at}), {x0[0], x0[1], x0[2]}, 1e-12);
    check_close(ask(of_eps, state, {at}), {eps[0], eps[1], eps[2]}, 1e-12);
  }
}

TEST_CASE("one number stands for every element of a Gaussian, and the condition chooses the law") {
  gaussian model{{{.mean = {1.5}, .variance = {1}}, {.mean = {0}, .variance = {4}}}, network_output::x0};
  check_close(ask(model, state, {exploding}, 0), {1.5 + (0.4 - 1.5) / 50, 1.5 - 2.4 / 50, 1.5 - 0.2 / 50});
  check_close(ask(model, state, {exploding}, 1), {0.4 * 4 / 53, -0.9 * 4 / 53, 1.3 * 4 / 53});
  check_close(ask(model, {0.4, -0.9, 1.3, 2.0}, {exploding}, 1, 4),
              {0.4 * 4 / 53, -0.9 * 4 / 53, 1.3 * 4 / 53, 8. / 53});
}

TEST_CASE("data in a plane keeps Gaussian predictions finite without noise") {
  gaussian x0{{{.mean = {1, 2, 3}, .variance = {1, 0, 4}}}, network_output::x0};
  gaussian eps{{{.mean = {1, 2, 3}, .variance = {1, 0, 4}}}, network_output::eps};
  check_close(ask(x0, {0.5, 2, 1}, {clean}), {0.5, 2, 1});
  CHECK(ask(eps, {0.5, 2, 1}, {clean}) == std::vector<double>{0, 0, 0});
}

TEST_CASE("a data set predicts a weighted mean of its rows, and the nearest one without noise") {
  gaussian_mixture model = empirical({{0, 0}, {1, 0}, {0, 2}}, network_output::x0);
  const auto likelihood = [](double square) { return std::exp(-square / (2 * 0.64)); };
  // y = (0.3, 0.4) at alpha 0.6, sigma 0.8
  const double a = likelihood(0.25), b = likelihood(0.09 + 0.16), c = likelihood(0.09 + 0.64);
  check_close(ask(model, {0.3, 0.4}, {middle}, {}, 2), {b / (a + b + c), 2 * c / (a + b + c)});
  CHECK(ask(model, {0.9, 0.3}, {clean}, {}, 2) == std::vector<double>{1, 0});
  CHECK(ask(model, {0.0, 2.0}, {clean}, {}, 2) == std::vector<double>{0, 2});
  CHECK(ask(model, {0.9, 0.3}, {clean}, {.only = {0, 2}}, 2) == std::vector<double>{0, 0});
  CHECK(ask(model, {0.9, 0.3}, {{0, 1, 1e-9}}, {}, 2) == std::vector<double>{1, 0});
}

TEST_CASE("a state that is not a number is predicted to be none") {
  constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
  gaussian_mixture mixture{three()};
  gaussian one{{gaussian_law{}}};
  CHECK(std::isnan(ask(mixture, {not_a_number, 0.0, 0.0}, {middle})[0]));
  CHECK(std::isnan(ask(one, {not_a_number, 0.0, 0.0}, {middle})[0]));
}

TEST_CASE("an exact predictor refuses what is no law") {
  CHECK_THROWS_WITH((gaussian_mixture{{{1}, {{0}, {1}}, {1, 1}}}), ContainsSubstring("1 weights, 2 means"));
  CHECK_THROWS_WITH((gaussian_mixture{{{1, 1}, {{0}, {1, 2}}, {1, 1}}}), ContainsSubstring("means of one size"));
  CHECK_THROWS_WITH((gaussian_mixture{{{0}, {{0}}, {1}}}), ContainsSubstring("weights > 0"));
  CHECK_THROWS_WITH((gaussian_mixture{{{1}, {{0}}, {-1}}}), ContainsSubstring("deviations >= 0"));
  CHECK_THROWS_WITH((gaussian_mixture{three(), network_output::edm, 0}), ContainsSubstring("sigma_data"));
  CHECK_THROWS_WITH((gaussian{std::vector<gaussian_law>{}}), ContainsSubstring("no law"));
  CHECK_THROWS_WITH((gaussian{{{.mean = {1, 2}, .variance = {1, 2, 3}}}}), ContainsSubstring("2 means, 3 var"));
  CHECK_THROWS_WITH((gaussian{{{.variance = {-1}}}}), ContainsSubstring("variances >= 0"));
  CHECK_THROWS_WITH((gaussian{{{.covariance = Eigen::Matrix2d{{1, 2}, {2, 1}}}}}), ContainsSubstring("eigenvalue"));
  CHECK_THROWS_WITH((gaussian{{{.covariance = Eigen::Matrix2d{{1, 2}, {0, 1}}}}}), ContainsSubstring("symmetric"));
  gaussian_mixture mixture{three()};
  gaussian one{{{.mean = {1, 2}}}};
  CHECK_THROWS_WITH(ask(mixture, {1.0, 2.0}, {middle}, {}, 2), ContainsSubstring("samples of 2 elements; allowed: 3"));
  CHECK_THROWS_WITH(ask(mixture, state, {middle}, {.only = {3}}), ContainsSubstring("component 3"));
  CHECK_THROWS_WITH(ask(one, state, {middle}), ContainsSubstring("samples of 3 elements; allowed: 2"));
  CHECK_THROWS_WITH(ask(one, {1.0, 2.0}, {middle}, 1, 2), ContainsSubstring("law 1"));
}
