#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <noisefall/metrics/class_accuracy.hpp>
#include <noisefall/models/mixture_law.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "metrics/samples.hpp"

using namespace noisefall;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

static_assert(IsotropicMixture<mixture_law>);

// N(1, 0.25) against N(-1, 0.25), equally likely.
const mixture_law pair{.weights = {2, 2}, .means = {{1}, {-1}}, .deviations = {0.5, 0.5}};

// The n quantiles of N(mean, variance) in the middle of equal shares.
tensor<double> quantiles(std::size_t n, double mean, double variance) {
  tensor<double> x{{n, 1}};
  for (std::size_t i = 0; i < n; ++i)
    x[i] = mean + std::sqrt(variance) * normal_quantile((static_cast<double>(i) + 0.5) / static_cast<double>(n));
  return x;
}

}  // namespace

TEST_CASE("class accuracy has the values worked out by hand") {
  constexpr std::size_t n = 100000;
  const std::vector<std::size_t> first(n, 0), second(n, 1);
  const class_scores own = class_accuracy(pair, quantiles(n, 1, 0.25), first);
  CHECK_THAT(own.accuracy, WithinAbs(0.9772498681, 1e-5));  // Phi(2)
  CHECK_THAT(own.mean_posterior, WithinAbs(0.96570130, 2e-5));
  CHECK_THAT(class_accuracy(pair, quantiles(n, 1.75, 0.4), first).accuracy, WithinAbs(0.9971712011, 1e-5));  // guided
  CHECK_THAT(class_accuracy(pair, quantiles(n, 1, 0.25), second).accuracy, WithinAbs(1 - 0.9772498681, 1e-5));
}

TEST_CASE("weights, deviations and components of a class count as in Bayes' rule") {
  const mixture_law law{.weights = {0.2, 0.5, 0.3}, .means = {{0, 0}, {1, 1}, {2, 0}}, .deviations = {0.3, 1, 0.5}};
  const double x[] = {0.7, 0.2};
  double likelihood[3];
  for (std::size_t k = 0; k < 3; ++k) {
    const double s2 = law.deviations[k] * law.deviations[k];
    const double distance = std::pow(x[0] - law.means[k][0], 2) + std::pow(x[1] - law.means[k][1], 2);
    likelihood[k] = law.weights[k] / (2 * std::numbers::pi * s2) * std::exp(-distance / (2 * s2));
  }
  const double all = likelihood[0] + likelihood[1] + likelihood[2];
  const view<double> one{x, {1, 2}};
  for (std::size_t k = 0; k < 3; ++k) {
    const std::size_t asked[] = {k};
    const class_scores alone = class_accuracy(law, one, asked);
    CHECK_THAT(alone.mean_posterior, WithinRel(likelihood[k] / all, 1e-12));
    CHECK(alone.accuracy == (k == 1 ? 1 : 0));
  }
  const std::vector<std::vector<std::size_t>> classes{{0, 2}, {1}}, some{{2}, {0}};
  const std::size_t asked[] = {0};
  CHECK_THAT(class_accuracy(law, classes, one, asked).mean_posterior,
             WithinRel((likelihood[0] + likelihood[2]) / all, 1e-12));
  CHECK_THAT(class_accuracy(law, some, one, asked).mean_posterior,  // component 1 is of no class
             WithinRel(likelihood[2] / (likelihood[0] + likelihood[2]), 1e-12));
}

TEST_CASE("samples far from every component still have a class") {
  const tensor<float> far{{1, 1}};
  tensor<float> x = far;
  x[0] = 1e6F;
  const std::size_t asked[] = {0};
  CHECK(class_accuracy(pair, x, asked).accuracy == 1);
  CHECK(class_accuracy(pair, x, asked).mean_posterior == 1);
}

TEST_CASE("classes and samples that do not fit are refused") {
  const tensor<double> x = rows_of(1, {0.5, -0.5}), wide = rows_of(2, {0.5, -0.5});
  const std::vector<std::size_t> asked{0, 1}, beyond{0, 2};
  const std::vector<std::vector<std::size_t>> none{}, without{{0}, {}}, beyond_law{{0}, {2}};
  CHECK(message_of([&] { class_accuracy(pair, wide, asked); }) ==
        "class_accuracy: samples of 2 elements; allowed: 1, as the means");
  CHECK(message_of([&] { class_accuracy(pair, x, std::vector<std::size_t>{0}); }) ==
        "class_accuracy: 1 classes for 2 samples; allowed: one per sample");
  CHECK(message_of([&] { class_accuracy(pair, x, beyond); }) ==
        "class_accuracy: sample 1 is asked to be of class 2; allowed: 0 to 1");
  CHECK(message_of([&] { class_accuracy(pair, none, x, asked); }) ==
        "class_accuracy: no classes; allowed: one or more");
  CHECK(message_of([&] { class_accuracy(pair, without, x, asked); }) ==
        "class_accuracy: a class without components; allowed: one or more in each");
  CHECK(message_of([&] { class_accuracy(pair, beyond_law, x, asked); }) ==
        "class_accuracy: component 2; allowed: 0 to 1");
  mixture_law points = pair;
  points.deviations[1] = 0;
  CHECK(message_of([&] { class_accuracy(points, x, asked); }) ==
        "class_accuracy: component 1 has the deviation 0; allowed: deviations above 0");
  CHECK(message_of([&] {
          class_accuracy(pair, rows_of(1, {0, std::nan("")}), asked);
        }) == "class_accuracy: sample 1 has the element nan; allowed: finite elements");
}
