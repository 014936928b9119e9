// The sliced Wasserstein distance: that of projections onto lines, averaged over lines.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/metrics/own_draw.hpp>
#include <noisefall/metrics/products.hpp>
#include <noisefall/metrics/sample_rows.hpp>
#include <noisefall/metrics/wasserstein.hpp>
#include <noisefall/random/normals.hpp>

namespace noisefall {

// The lines to project onto.
struct slices {
  std::size_t directions = 128;  // 1 or more
  std::uint64_t seed = 0;
};

namespace detail {

// Projections of all samples onto `count` directions, [direction][sample], each direction's sorted.
inline std::vector<double> sorted_projections(const sample_rows& x, std::span<const double> directions,
                                              std::size_t count) {
  const std::size_t d = x.size(), n = x.count();
  constexpr std::size_t block = 192;
  std::vector<double> projected(count * n), rows(std::min(block, n) * d);
  kernels::row_products products;
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t m = std::min(block, n - first);
    x.read(first, m, rows.data());
    products.add({directions.data(), d}, count, {rows.data(), d}, m, 0, d, 1, projected.data() + first, n);
  }
  for (std::size_t k = 0; k < count; ++k)
    std::sort(projected.begin() + static_cast<std::ptrdiff_t>(k * n),
              projected.begin() + static_cast<std::ptrdiff_t>((k + 1) * n));
  return projected;
}

}  // namespace detail

// SW2^2 = the mean over directions u, uniform on the sphere, of W2(u.x, u.y)^2      (Bonneel et al., J. Mathematical
// Imaging and Vision 51, 2015). Between x and x shifted by D it is |D|^2 / d. Pure: direction k depends on (seed, k, d)
// only, and more directions keep the first ones. Exact for the sets and the directions; for the laws too large, by a
// term that falls with n whatever d is. Cost: directions (n d + n log n), memory for 32 projections of each set.
inline double sliced_wasserstein_squared(const sample_rows& x, const sample_rows& y, const slices& by = {}) {
  check_pair("sliced_wasserstein_squared", x, y, 1);
  require(by.directions >= 1, "slices.directions", {by.directions}, "1 or more");
  const std::size_t d = x.size();
  constexpr std::size_t block = 32;
  std::vector<double> directions(std::min(block, by.directions) * d);
  double sum = 0;
  for (std::size_t first = 0; first < by.directions; first += block) {
    const std::size_t count = std::min(block, by.directions - first);
    normals({by.seed, metrics_draw, first, d}, 0, count * d, directions.data());
    for (std::size_t k = 0; k < count; ++k) {
      double squares = 0;
      for (std::size_t e = 0; e < d; ++e) squares += directions[k * d + e] * directions[k * d + e];
      for (std::size_t e = 0; e < d; ++e) directions[k * d + e] /= std::sqrt(squares);
    }
    const std::vector<double> of_x = detail::sorted_projections(x, directions, count),
                              of_y = detail::sorted_projections(y, directions, count);
    for (std::size_t k = 0; k < count; ++k)
      sum += detail::of_quantiles(std::span{of_x}.subspan(k * x.count(), x.count()),
                                  std::span{of_y}.subspan(k * y.count(), y.count()),
                                  [](double apart) { return apart * apart; });
  }
  return sum / static_cast<double>(by.directions);
}

}  // namespace noisefall
