#include "catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <noisefall/solver/phi.hpp>
#include <noisefall/solver/quadrature.hpp>

using namespace noisefall;

TEST_CASE("moments satisfy their integral for small, large and negative arguments") {
  for (const double y : {-30.0, -5.0, -2.0, -1.99, -0.5, -1e-3, -1e-8, 1e-12, 1e-3, 0.1, 1.99, 2.0, 2.01, 7.0, 40.0})
    for (std::size_t k = 0; k < max_nodes; ++k) {
      CAPTURE(y, k);
      // Gauss-Legendre with two nodes on many pieces
      double sum = 0;
      const int n = 20000;
      for (int i = 0; i < n; ++i)
        for (const double g : {-0.5, 0.5}) {
          const double theta = (i + 0.5 + g / std::sqrt(3.0)) / n;
          sum += 0.5 / n * y * std::exp(-y * (1 - theta)) * std::pow(theta, static_cast<double>(k));
        }
      CHECK(moment(k, y) == Approx(sum).epsilon(1e-11));
    }
  CHECK(moment(3, 0) == 0);
}

namespace {

// I_k(y) by series whose terms are all of one sign, in long double: for y < 0 that of phi.hpp, for y > 0
// y e^-y sum_j y^j / (j! (k + j + 1)).
long double exact_moment(std::size_t k, double of) {
  const long double y = of, n = static_cast<long double>(k);
  if (y < 0) {
    long double term = y / (n + 1), sum = term;
    for (int j = 2; j < 400; ++j) sum += term *= -y / (n + j);
    return sum;
  }
  long double power = 1, sum = 1 / (n + 1);
  for (int j = 1; j < 400; ++j) sum += (power *= y / j) / (n + j + 1);
  return y * std::exp(-y) * sum;
}

}  // namespace

TEST_CASE("moments have 14 digits for every step from 1e-12 to 50, in data and in noise prediction") {
  std::array<long double, max_nodes> worst{};
  const auto look = [&](double h) {
    for (const double y : {h, -h}) {
      const auto all = moments(y);
      for (std::size_t k = 0; k < max_nodes; ++k) {
        const long double exact = exact_moment(k, y);
        worst[k] = std::max(worst[k], std::abs((static_cast<long double>(all[k]) - exact) / exact));
      }
    }
  };
  const int points = 20000;
  for (int i = 0; i <= points; ++i) look(1e-12 * std::pow(50e12, static_cast<double>(i) / points));
  for (int i = 0; i <= points; ++i) look(1.9 + 0.4 * i / points);  // around the change of formula
  look(50);
  for (std::size_t k = 0; k < max_nodes; ++k) {
    CAPTURE(k);
    CHECK(static_cast<double>(worst[k]) < 1e-14);
  }
}

TEST_CASE("the phi functions of exponential integrators follow from the moments to 14 digits") {
  // phi_{k+1}(h), the integral of e^(h (1 - theta)) theta^k / k!, is J_k(h) / (h k!) = -I_k(-h) / (h k!)
  std::array<long double, 4> worst{};
  for (int i = 0; i <= 2000; ++i) {
    const double h = 1e-12 * std::pow(50e12, i / 2000.0);
    long double factorial = 1;
    for (std::size_t k = 0; k < worst.size(); ++k) {
      if (k > 0) factorial *= static_cast<long double>(k);
      long double phi = 0, term = 1 / (factorial * static_cast<long double>(k + 1));  // sum_j h^j / (j + k + 1)!
      for (int j = 1; j < 400; ++j) {
        phi += term;
        term *= h / static_cast<long double>(j + static_cast<int>(k) + 1);
      }
      const long double by_moment = -static_cast<long double>(moment(k, -h)) / (h * factorial);
      worst[k] = std::max(worst[k], std::abs(by_moment / phi - 1));
    }
  }
  for (const long double w : worst) CHECK(static_cast<double>(w) < 1e-14);
}

TEST_CASE("moments keep their digits where the recursion loses them") {
  // I_3(y) = y/4 - y^2/20 + y^3/120 - ...
  const double y = 1e-3;
  CHECK(moment(3, y) == Approx(y / 4 - y * y / 20 + y * y * y / 120 - y * y * y * y / 840).epsilon(1e-15));
}

TEST_CASE("weights integrate the powers they are made for") {
  for (const auto& nodes : {std::vector{0.0}, std::vector{1.0, 0.0}, std::vector{0.0, -0.7, -1.1},
                            std::vector{1.0, 0.0, -0.4, -1.9, -2.0}, std::vector{0.0, -1e-6, -2.0, -2.5}}) {
    const auto want = moments(0.8);
    const auto weights = weights_on(nodes, want);
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      double sum = 0, size = 0;
      for (std::size_t j = 0; j < nodes.size(); ++j) {
        const double term = weights[j] * std::pow(nodes[j], static_cast<double>(k));
        sum += term;
        size += std::abs(term);
      }
      CHECK(std::abs(sum - want[k]) < 1e-14 * std::max(1.0, size));
    }
  }
}
