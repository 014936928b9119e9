// Pictures as PNG files, 8-bit grey or RGB, and the sheet that shows a batch of images as one picture.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

namespace examples {

/// Row-major pixels, from the top left; channels is 1 (grey) or 3 (red, green, blue next to each other).
struct picture {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t channels = 1;
  std::vector<std::uint8_t> pixels;
};

namespace detail {

inline void append_big_endian(std::vector<std::uint8_t>& bytes, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(value >> shift & 0xFF));
}

/// Length, type, content and the checksum of type and content.
inline void append_chunk(std::vector<std::uint8_t>& png, std::string_view type, std::span<const std::uint8_t> content) {
  append_big_endian(png, content.size());
  const std::size_t begin = png.size();
  png.insert(png.end(), type.begin(), type.end());
  png.insert(png.end(), content.begin(), content.end());
  append_big_endian(png, crc32_z(0, png.data() + begin, png.size() - begin));
}

}  // namespace detail

/// The bytes of a PNG file (W3C PNG specification, second edition): one IDAT chunk, every row unfiltered.
[[nodiscard]] inline std::vector<std::uint8_t> encode_png(const picture& image) {
  constexpr std::size_t largest = std::numeric_limits<std::int32_t>::max();
  const auto text = [](std::size_t value) { return std::to_string(value); };
  if (image.channels != 1 && image.channels != 3) {
    throw std::invalid_argument("encode_png: " + text(image.channels) + " channels; allowed are 1 (grey) and 3 (RGB)");
  }
  if (image.width == 0 || image.width > largest || image.height == 0 || image.height > largest) {
    throw std::invalid_argument("encode_png: width " + text(image.width) + ", height " + text(image.height) +
                                "; allowed are 1 to " + text(largest));
  }
  if (image.pixels.size() != image.width * image.height * image.channels) {
    throw std::invalid_argument("encode_png: " + text(image.pixels.size()) + " values; width*height*channels is " +
                                text(image.width * image.height * image.channels));
  }

  const std::size_t row = image.width * image.channels;
  std::vector<std::uint8_t> lines;
  lines.reserve((row + 1) * image.height);
  for (std::size_t y = 0; y < image.height; ++y) {
    lines.push_back(0);  // the filter of this row: none
    const auto* from = image.pixels.data() + y * row;
    lines.insert(lines.end(), from, from + row);
  }
  uLongf size = compressBound(static_cast<uLong>(lines.size()));
  std::vector<std::uint8_t> packed(size);
  if (compress2(packed.data(), &size, lines.data(), static_cast<uLong>(lines.size()), Z_BEST_COMPRESSION) != Z_OK) {
    throw std::runtime_error("encode_png: zlib could not compress " + text(lines.size()) + " bytes");
  }
  packed.resize(size);
  if (packed.size() > largest) {
    throw std::runtime_error("encode_png: " + text(packed.size()) + " compressed bytes; allowed in one chunk are " +
                             text(largest));
  }

  std::vector<std::uint8_t> png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  std::vector<std::uint8_t> header;
  detail::append_big_endian(header, image.width);
  detail::append_big_endian(header, image.height);
  const std::uint8_t colour_type = image.channels == 1 ? 0 : 2;
  for (const std::uint8_t byte : std::array<std::uint8_t, 5>{8, colour_type, 0, 0, 0}) header.push_back(byte);
  detail::append_chunk(png, "IHDR", header);
  detail::append_chunk(png, "IDAT", packed);
  detail::append_chunk(png, "IEND", {});
  return png;
}

inline void write_png(const std::filesystem::path& file, const picture& image) {
  const auto bytes = encode_png(image);
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw std::runtime_error(file.string() + ": cannot be written");
}

struct sheet_options {
  std::size_t columns = 10;
  std::size_t border = 2;   // pixels around each image, before enlarging
  std::size_t upscale = 2;  // each pixel becomes upscale*upscale
  std::uint8_t border_grey = 40;
};

/// Images [B,height,width] in [-1,1], clamped, in rows of `columns`, filled up with border; NaN comes out black.
[[nodiscard]] inline picture sheet(std::span<const float> images, std::size_t height, std::size_t width,
                                   const sheet_options& options = {}) {
  const std::size_t pixels = height * width;
  if (pixels == 0 || images.empty() || images.size() % pixels != 0) {
    throw std::invalid_argument("sheet: " + std::to_string(images.size()) + " values; allowed are whole images of " +
                                std::to_string(height) + "x" + std::to_string(width) + ", at least one");
  }
  if (options.columns == 0 || options.upscale == 0) {
    throw std::invalid_argument("sheet: columns " + std::to_string(options.columns) + ", upscale " +
                                std::to_string(options.upscale) + "; allowed are numbers from 1");
  }
  const auto grey = [](float value) {
    // Written so that NaN takes the last branch.
    const float shade = value >= 1 ? 255.0F : value > -1 ? (value + 1) * 127.5F : 0.0F;
    return static_cast<std::uint8_t>(std::lround(shade));
  };
  const std::size_t count = images.size() / pixels;
  const std::size_t columns = std::min(options.columns, count);
  const std::size_t rows = (count + columns - 1) / columns;
  const std::size_t zoom = options.upscale;
  picture result{(columns * (width + options.border) + options.border) * zoom,
                 (rows * (height + options.border) + options.border) * zoom,
                 1,
                 {}};
  result.pixels.assign(result.width * result.height, options.border_grey);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::size_t image = i / pixels;
    const std::size_t y = image / columns * (height + options.border) + options.border + i % pixels / width;
    const std::size_t x = image % columns * (width + options.border) + options.border + i % width;
    for (std::size_t line = 0; line < zoom; ++line) {
      std::fill_n(result.pixels.data() + (y * zoom + line) * result.width + x * zoom, zoom, grey(images[i]));
    }
  }
  return result;
}

}  // namespace examples
