// A white picture to draw on: smooth lines, discs and text.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/adapters/png.hpp>

#include "font.hpp"

namespace examples {

using colour = std::array<std::uint8_t, 3>;

struct place {
  double x, y;  // pixels from the top left corner
};

class canvas {
 public:
  canvas(std::size_t width, std::size_t height)
      : image_{width, height, 3, std::vector<std::uint8_t>(3 * width * height, 255)} {}

  /// From a to b with round ends; `dash` pixels drawn and as many left out, from `start` on; 0: all drawn.
  void line(place a, place b, colour ink, double thickness = 1, double dash = 0, double start = 0) {
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    shade(a, b, thickness, ink, [&](place p) {
      const double along = length == 0 ? 0 : ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / length;
      const double on = std::clamp(along, 0.0, length);
      if (dash > 0 && std::fmod(start + on, 2 * dash) >= dash) return 0.0;
      const double away = std::hypot(p.x - a.x - on * (b.x - a.x) / std::max(length, 1e-9),
                                     p.y - a.y - on * (b.y - a.y) / std::max(length, 1e-9));
      return std::clamp(thickness / 2 + 0.5 - away, 0.0, 1.0);
    });
  }

  void disc(place centre, double radius, colour ink) { line(centre, centre, ink, 2 * radius); }

  /// Right of and above `base`, each pixel of a letter as zoom*zoom; upwards: turned to be read from below.
  void text(place base, std::string_view words, colour ink, std::size_t zoom = 2, bool upwards = false) {
    const double size = static_cast<double>(zoom);
    double along = 0;
    for (const char letter : words) {
      const auto rows = rows_of(letter);
      for (std::size_t row = 0; row < glyph_height; ++row)
        for (std::size_t column = 0; column < glyph_width; ++column) {
          if ((rows[row] >> (glyph_width - 1 - column) & 1) == 0) continue;
          const double right = along + static_cast<double>(column) * size;
          const double down = (static_cast<double>(row) - static_cast<double>(glyph_base)) * size;
          for (std::size_t i = 0; i < zoom; ++i)
            for (std::size_t j = 0; j < zoom; ++j) {
              const double r = right + static_cast<double>(i), d = down + static_cast<double>(j);
              const place at = upwards ? place{base.x + d, base.y - r} : place{base.x + r, base.y + d};
              blend(std::lround(at.x), std::lround(at.y), ink, 1);
            }
        }
      along += static_cast<double>(glyph_width + 1) * size;
    }
  }

  static double text_width(std::string_view words, std::size_t zoom = 2) {
    return words.empty() ? 0 : static_cast<double>((words.size() * (glyph_width + 1) - 1) * zoom);
  }

  noisefall::picture done() && { return std::move(image_); }

 private:
  // Blends every pixel around the segment by the share that `cover` gives for its centre.
  template <class Cover>
  void shade(place a, place b, double thickness, colour ink, const Cover& cover) {
    const double reach = thickness / 2 + 1;
    const long left = std::lround(std::floor(std::min(a.x, b.x) - reach)),
               right = std::lround(std::ceil(std::max(a.x, b.x) + reach)),
               top = std::lround(std::floor(std::min(a.y, b.y) - reach)),
               bottom = std::lround(std::ceil(std::max(a.y, b.y) + reach));
    for (long y = top; y <= bottom; ++y)
      for (long x = left; x <= right; ++x) blend(x, y, ink, cover({static_cast<double>(x), static_cast<double>(y)}));
  }

  void blend(long x, long y, colour ink, double share) {
    if (x < 0 || y < 0 || share <= 0) return;
    const std::size_t column = static_cast<std::size_t>(x), row = static_cast<std::size_t>(y);
    if (column >= image_.width || row >= image_.height) return;
    for (std::size_t c = 0; c < 3; ++c) {
      std::uint8_t& value = image_.pixels[(row * image_.width + column) * 3 + c];
      value = static_cast<std::uint8_t>(std::lround(value + (ink[c] - value) * share));
    }
  }

  noisefall::picture image_;
};

}  // namespace examples
