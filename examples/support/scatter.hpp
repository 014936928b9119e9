// A plot of points in the plane.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <noisefall/adapters/png.hpp>

namespace examples {

namespace nf = noisefall;

struct disc {
  double x, y, radius;
};

/// Points [B,d] by their first two coordinates, blue, over discs, grey; side*side pixels around 0, as wide as the discs
/// need. Where d is 1, the second coordinate is the index. Points outside and NaN are left out.
[[nodiscard]] inline nf::picture scatter(std::span<const float> points, std::size_t d, std::span<const disc> discs,
                                         std::size_t side) {
  double reach = 1e-6;
  for (const disc& c : discs) reach = std::max(reach, std::max(std::abs(c.x), std::abs(c.y)) + 2 * c.radius);
  const double width = static_cast<double>(side), pixel = 2 * reach / width;
  nf::picture plot{side, side, 3, std::vector<std::uint8_t>(3 * side * side, 255)};
  const auto paint = [&](double column, double row, std::array<std::uint8_t, 3> colour) {
    if (!(column >= 0 && column < width && row >= 0 && row < width)) return;
    const std::size_t at = static_cast<std::size_t>(row) * side + static_cast<std::size_t>(column);
    std::copy(colour.begin(), colour.end(), plot.pixels.begin() + static_cast<std::ptrdiff_t>(3 * at));
  };
  for (double row = 0.5; row < width; ++row)
    for (double column = 0.5; column < width; ++column)
      for (const disc& c : discs)
        if (std::hypot(column * pixel - reach - c.x, reach - row * pixel - c.y) < c.radius)
          paint(column, row, {226, 231, 240});
  const std::size_t count = points.size() / d;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = points[i * d];
    const double y = d > 1 ? points[i * d + 1] : reach * (2 * static_cast<double>(i) / static_cast<double>(count) - 1);
    for (const double right : {-0.5, 0.5})
      for (const double down : {-0.5, 0.5})
        paint((x + reach) / pixel + right, (reach - y) / pixel + down, {30, 60, 160});
  }
  return plot;
}

}  // namespace examples
