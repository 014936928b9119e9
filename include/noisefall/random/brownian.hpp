// A NoiseSource whose increments belong to one Brownian path per element, whatever the trajectory's steps are.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/random/noise_source.hpp>
#include <noisefall/random/normals.hpp>
#include <noisefall/random/philox_source.hpp>

namespace noisefall {

// The increment over levels (from, to) is (W(tau_from) - W(tau_to)) / its standard deviation, with W a Wiener path on
// the clock tau = rho / (1 + rho), rho = sigma / alpha: tau runs over [0, 1], pure noise included. So two trajectories
// that are refinements of each other see the same path, and increments over disjoint intervals are independent.
//
// W is Levy's dyadic construction: a sum of hat functions, halved in width 30 times, each with a normal of its own.
// Between the points of the finest grid (2^-30) it is linear; the standard deviation above is that of this W, so
// increments have unit variance at any distance. Step and slot do not matter, except that step increment::initial
// is philox's initial noise. Noise that is added back (churn, Restart: from below up) is fresh and no part of the path:
// it is philox's of that step and slot. About 60 normals per element: 20 to 50 times the cost of philox.
struct brownian_path {
  std::uint64_t seed = 0;

  template <std::floating_point T>
  void fill(std::span<T> out, std::size_t sample_size, const increment& which) const {
    if (which.step == increment::initial || which.from < which.to) return philox{seed}.fill(out, sample_size, which);
    nodes between{clock(which.from), clock(which.to)};
    constexpr std::size_t tile = 6 * kernels::normal_block;
    float z[tile];
    double sum[tile];
    for (std::size_t at = 0; at < out.size(); at += tile) {
      const std::size_t n = std::min(tile, out.size() - at);
      std::fill_n(sum, n, 0.0);
      for (std::size_t k = 0; k < between.count; ++k) {
        normals({seed, between.draw[k], which.first_sample, sample_size}, at, at + n, z);
        for (std::size_t i = 0; i < n; ++i) sum[i] += between.weight[k] * static_cast<double>(z[i]);
      }
      std::transform(sum, sum + n, out.begin() + static_cast<std::ptrdiff_t>(at),
                     [](double value) { return static_cast<T>(value); });
    }
  }

 private:
  static double clock(double rho) {
    if (!(rho >= 0)) refuse("brownian path", {"a level sigma / alpha of ", rho}, "[0, infinity]");
    return std::isinf(rho) ? 1.0 : rho / (1 + rho);
  }

  // The normals that W(a) - W(b) is made of. Node 0 is W(1); node 2^level + k is the hat over [k, k + 1] / 2^level.
  struct nodes {
    static constexpr int depth = 30;
    std::size_t count = 0;
    std::uint32_t draw[2 * depth + 1];
    double weight[2 * depth + 1];

    nodes(double a, double b) {
      add(0, a - b);
      for (int level = 0; level < depth; ++level) {
        const double x = std::ldexp(a, level), y = std::ldexp(b, level);
        const double height = 0.5 * std::sqrt(std::ldexp(1.0, -level));  // standard deviation at the middle
        if (std::floor(x) == std::floor(y)) {
          add_hat(level, x, height * (hat(x) - hat(y)));
        } else {
          add_hat(level, x, height * hat(x));
          add_hat(level, y, -height * hat(y));
        }
      }
      double variance = 0;
      for (std::size_t k = 0; k < count; ++k) variance = std::fma(weight[k], weight[k], variance);
      if (variance == 0) refuse("brownian path", "an increment between equal levels", "two different levels");
      // To 29 bits, so that a product with a float is exact and the sum's bits do not depend on contraction.
      for (std::size_t k = 0; k < count; ++k)
        weight[k] = std::bit_cast<double>(std::bit_cast<std::uint64_t>(weight[k] / std::sqrt(variance)) >> 24 << 24);
    }

    static double hat(double x) { return 1 - std::abs(2 * (x - std::floor(x)) - 1); }
    void add_hat(int level, double x, double w) { add((std::uint32_t{1} << level) + static_cast<std::uint32_t>(x), w); }
    void add(std::uint32_t node, double w) {
      if (w == 0) return;
      draw[count] = first_path_draw + node;
      weight[count++] = w;
    }
  };
};

static_assert(NoiseSource<brownian_path, float> && NoiseSource<brownian_path, double>);

}  // namespace noisefall
