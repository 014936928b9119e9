// Feynman-Kac weights make of guided samples those of the tilted law p(x|c)^(1+w) p(x)^-w.
#include <cmath>
#include <cstddef>
#include <vector>

#include <noisefall/sampler/resampling.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/dpm_pp_2m.hpp>
#include <noisefall/trajectory/lists.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;

namespace {

const nf::edm schedule{};

// N(1.5, 1) of N(0, 4), as eps at alpha = 1.
struct two_gaussians {
  using condition = int;
  void predict(nf::view<double> x, const nf::evaluation& at, const int& which, nf::mutable_view<double> out) const {
    const double mean = which == 0 ? 1.5 : 0, variance = which == 0 ? 1 : 4, s = at.level(0).sigma;
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = s * (x[i] - mean) / (variance + s * s);
  }
};

nf::trajectory path(std::size_t steps) {
  std::vector<double> sigmas;
  for (std::size_t i = 0; i < steps; ++i)
    sigmas.push_back(80 * std::pow(0.02 / 80, static_cast<double>(i) / static_cast<double>(steps - 1)));
  sigmas.push_back(0);
  return nf::trajectory{nf::levels_from_sigmas(schedule, sigmas)};
}

}  // namespace

TEST_CASE("Ancestors are copied as often as their weights say") {
  const std::vector<double> even{1, 1, 1, 1}, one{0, 100, 0, 0}, half{std::log(3.0), 0, std::log(4.0), -1e9};
  CHECK(nf::systematic_ancestors(even, 0.3) == std::vector<std::size_t>{0, 1, 2, 3});
  CHECK(nf::systematic_ancestors(one, 0.3) == std::vector<std::size_t>{1, 1, 1, 1});
  CHECK(nf::systematic_ancestors(half, 0.4) == std::vector<std::size_t>{0, 0, 2, 2});
  CHECK(nf::systematic_ancestors(half, 0.6) == std::vector<std::size_t>{0, 1, 2, 2});
  CHECK(nf::effective_samples(even) == Approx(4));
  CHECK(nf::effective_samples(one) == Approx(1));
}

TEST_CASE("Resampled by Feynman-Kac weights, guided samples are of the tilted law") {
  constexpr std::size_t n = 40000;
  const nf::sampler sample{nf::ddim{.eta = 1}, schedule, path(500), nf::feynman_kac{.weight = 1}};
  two_gaussians model;
  const auto moments = [&](double least) {
    nf::tensor<double> x({n, 1});
    const auto result = nf::resampled(sample, model, x, {.seed = 9, .conditional = 0, .unconditional = 1}, least);
    CHECK((result.resamplings > 0) == (least > 0));
    double total = 0, mean = 0, square = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double w = least > 0 ? std::exp(result.log_weights[i]) : 1;
      total += w;
      mean += w * x[i];
    }
    for (std::size_t i = 0; i < n; ++i)
      square += (least > 0 ? std::exp(result.log_weights[i]) : 1) * std::pow(x[i] - mean / total, 2);
    return std::pair{mean / total, square / total};
  };
  // Four standard errors of half as many samples.
  const auto near = [](double got, double expected, double error) { return std::abs(got - expected) < 4 * error; };
  const auto [mean, variance] = moments(0.5);
  CHECK(near(mean, 12.0 / 7, std::sqrt(4.0 / 7 / (n / 2))));
  CHECK(near(variance, 4.0 / 7, 4.0 / 7 * std::sqrt(2.0 / (n / 2))));
  // Without weights, those of the SDE.
  const auto [plain_mean, plain_variance] = moments(0);
  CHECK(near(plain_mean, 1.875, std::sqrt(0.4375 / (n / 2))));
  CHECK(near(plain_variance, 0.4375, 0.4375 * std::sqrt(2.0 / (n / 2))));
}

TEST_CASE("Resampling refuses what it would spoil") {
  two_gaussians model;
  nf::tensor<double> x({4, 1});
  const nf::sampler unweighed{nf::ddim{.eta = 1}, schedule, path(5), nf::classifier_free{}};
  CHECK_THROWS_WITH(nf::resampled(unweighed, model, x, {}), ContainsSubstring("feynman_kac"));
  const nf::sampler remembering{nf::dpm_pp_2m{}, schedule, path(5), nf::feynman_kac{}};
  CHECK_THROWS_WITH(nf::resampled(remembering, model, x, {}), ContainsSubstring("without history"));
}
