// Reads a PNG file of grey pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

#include <noisefall/adapters/png.hpp>

namespace examples {

/// 8 bits of grey, not interlaced; any filters. (W3C PNG specification, second edition.)
inline noisefall::picture read_grey_png(const std::filesystem::path& file) {
  const auto fail = [&](const std::string& what) {
    throw std::runtime_error(file.string() + ": " + what + "; allowed is a PNG file of 8-bit grey, not interlaced");
  };
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in && chars.empty()) fail("cannot be read");
  const std::string_view text(chars.data(), chars.size());
  const auto number = [&](std::size_t at) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(text[at + i]);
    return value;
  };
  if (!text.starts_with("\x89PNG\r\n\x1A\n") || text.size() < 33) fail("is no such file");
  noisefall::picture image{number(16), number(20), 1, {}};
  if (text.substr(24, 5) != std::string_view("\x08\0\0\0\0", 5)) fail("has another kind of pixels");
  constexpr std::size_t most = 1 << 15;
  if (image.width == 0 || image.width > most || image.height == 0 || image.height > most) fail("has no such size");

  std::string packed;
  for (std::size_t at = 8; at + 12 <= text.size();) {
    const std::size_t length = number(at);
    if (length > text.size() - at - 12) fail("is truncated");
    if (text.substr(at + 4, 4) == "IDAT") packed += text.substr(at + 8, length);
    at += length + 12;
  }
  const std::size_t row = image.width + 1;  // a byte for the filter
  std::vector<std::uint8_t> lines(row * image.height);
  uLongf size = static_cast<uLongf>(lines.size());
  const int status =
      uncompress(lines.data(), &size, reinterpret_cast<const Bytef*>(packed.data()), static_cast<uLong>(packed.size()));
  if (status != Z_OK || size != lines.size()) fail("holds pixels that cannot be unpacked");

  image.pixels.resize(image.width * image.height);
  for (std::size_t y = 0; y < image.height; ++y)
    for (std::size_t x = 0; x < image.width; ++x) {
      const auto pixel = [&](std::size_t up, std::size_t back) -> int {
        return y < up || x < back ? 0 : image.pixels[(y - up) * image.width + x - back];
      };
      const int left = pixel(0, 1), above = pixel(1, 0), corner = pixel(1, 1), plane = left + above - corner;
      const int far_left = std::abs(plane - left), far_above = std::abs(plane - above),
                far_corner = std::abs(plane - corner);
      int guess = 0;
      switch (lines[y * row]) {
        case 0:
          break;
        case 1:
          guess = left;
          break;
        case 2:
          guess = above;
          break;
        case 3:
          guess = (left + above) / 2;
          break;
        case 4:
          guess = far_left <= far_above && far_left <= far_corner ? left : far_above <= far_corner ? above : corner;
          break;
        default:
          fail("has an unknown filter");
      }
      image.pixels[y * image.width + x] = static_cast<std::uint8_t>(guess + lines[y * row + 1 + x]);
    }
  return image;
}

}  // namespace examples
