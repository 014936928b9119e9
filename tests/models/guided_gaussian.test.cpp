// Guided sampling of a Gaussian is an affine recursion: conditional N(1.5, 1), unconditional N(0, 4), extra weight 2,
// on the rho = 7 grid from sigma 80 to 0.002 and then 0, from x ~ N(0, 80^2). The numbers come from an independent
// program.
#include <cmath>
#include <cstddef>
#include <vector>

#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/models/gaussian.hpp>

#include "catch.hpp"

using namespace noisefall;
using Catch::Matchers::WithinAbs;

namespace {

struct law {
  double mean, variance;
};

class guided_gaussian {
 public:
  // dx/dsigma = (x - E[x0]) / sigma
  double slope(double x, double from, double sigma, double to) {
    const guidance_position position{.at = {0, 1, sigma}, .from = {0, 1, from}, .to = {0, 1, to}};
    const branch_weights weights = rule_.weights(position);
    const std::vector<noise_level> levels{position.at};
    double denoised = 0;
    for (const std::size_t branch : {std::size_t{0}, std::size_t{1}}) {
      double out = 0;
      model_.predict(view<double>{&x, {1, 1}}, {.levels = levels}, branch, mutable_view<double>{&out, {1, 1}});
      denoised += weights.guided[branch] * out;
    }
    return (x - denoised) / sigma;
  }

  double sample(double x, std::size_t nodes, bool second_order) {
    const auto node = [&](std::size_t i) {
      const double at = static_cast<double>(i) / static_cast<double>(nodes - 1), rho = 7;
      return i == nodes
                 ? 0
                 : std::pow(std::pow(80, 1 / rho) + at * (std::pow(0.002, 1 / rho) - std::pow(80, 1 / rho)), rho);
    };
    for (std::size_t i = 0; i < nodes; ++i) {
      const double from = node(i), to = node(i + 1), first = slope(x, from, from, to);
      const double euler = x + (to - from) * first;
      x = second_order && to > 0 ? x + (to - from) * (first + slope(euler, from, to, to)) / 2 : euler;
    }
    return x;
  }

  law result(std::size_t nodes, bool second_order) {
    const double offset = sample(0, nodes, second_order), factor = sample(1, nodes, second_order) - offset;
    return {offset, factor * factor * 6400};
  }

 private:
  classifier_free rule_{.weight = 2};
  gaussian model_{{{.mean = {1.5}, .variance = {1}}, {.mean = {0}, .variance = {4}}}, network_output::x0};
};

void check(const law& got, const law& expected) {
  CHECK_THAT(got.mean, WithinAbs(expected.mean, 1e-11));
  CHECK_THAT(got.variance, WithinAbs(expected.variance, 1e-11));
}

}  // namespace

TEST_CASE("Euler's method on a guided Gaussian has the known mean and variance") {
  guided_gaussian problem;
  check(problem.result(10, false), {2.201039428953, 0.001434217637});
  check(problem.result(20, false), {2.233018467792, 0.023546327083});
  check(problem.result(80, false), {2.235700100195, 0.051193543552});
}

TEST_CASE("Heun's method on a guided Gaussian has the known mean and variance") {
  guided_gaussian problem;
  check(problem.result(10, true), {1.953507943075, 0.220835962231});
  check(problem.result(20, true), {2.214871950172, 0.085521906810});
  check(problem.result(80, true), {2.235548148053, 0.063543608690});
}
