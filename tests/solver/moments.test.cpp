#include "catch.hpp"

#include <cmath>
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
