// Pictures as PNG files, 8-bit grey or RGB, and the sheet that shows a batch of images as one picture. Needs zlib.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <zlib.h>

#include <noisefall/core/error.hpp>
#include <noisefall/tensor/shape.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// Row-major pixels, from the top left; channels is 1 (grey) or 3 (red, green, blue next to each other).
struct picture {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t channels = 1;
  std::vector<std::uint8_t> pixels{};
};

namespace detail {

inline void append_big_endian(std::vector<std::uint8_t>& bytes, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(value >> shift & 0xFF));
}

// Length, type, content and the checksum of type and content.
inline void append_chunk(std::vector<std::uint8_t>& png, std::string_view type, std::span<const std::uint8_t> content) {
  append_big_endian(png, content.size());
  const std::size_t begin = png.size();
  png.insert(png.end(), type.begin(), type.end());
  png.insert(png.end(), content.begin(), content.end());
  append_big_endian(png, crc32_z(0, png.data() + begin, png.size() - begin));
}

}  // namespace detail

// The bytes of a PNG file (W3C PNG specification, second edition): one IDAT chunk, every row unfiltered.
[[nodiscard]] inline std::vector<std::uint8_t> encode_png(const picture& image) {
  constexpr std::size_t largest = std::numeric_limits<std::int32_t>::max();
  require(image.channels == 1 || image.channels == 3, "encode_png", {image.channels, " channels"},
          "1 (grey) and 3 (RGB)");
  require(image.width >= 1 && image.width <= largest && image.height >= 1 && image.height <= largest, "encode_png",
          {"width ", image.width, ", height ", image.height}, {"1 to ", largest});
  require(image.pixels.size() == image.width * image.height * image.channels, "encode_png",
          {image.pixels.size(), " values"},
          {image.width * image.height * image.channels, ": width * height * channels"});

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
  const int status =
      compress2(packed.data(), &size, lines.data(), static_cast<uLong>(lines.size()), Z_BEST_COMPRESSION);
  require(status == Z_OK && size <= largest, "encode_png", {lines.size(), " bytes, zlib's status ", status},
          "what fits into one chunk of 2^31 - 1 bytes");
  packed.resize(size);

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

// Throws noisefall::error with the file's name and the system's reason where it cannot be written.
inline void write_png(const std::filesystem::path& file, const picture& image) {
  const auto bytes = encode_png(image);
  errno = 0;
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (out) return;
  const int reason = errno;
  throw error{file.string(),
              {"cannot be written", reason == 0 ? "" : ": ",
               reason == 0 ? std::string{} : std::generic_category().message(reason)},
              "a file in a folder that is there and can be written to"};
}

// How the images of a sheet are laid out and which values they show.
struct sheet_options {
  std::size_t columns = 10;
  std::size_t border = 2;   // pixels around each image, before enlarging
  std::size_t upscale = 2;  // each pixel becomes upscale * upscale
  std::uint8_t border_grey = 40;
  double low = -1, high = 1;  // the values that become black and full brightness
};

// Images [B, C, H, W], C = 1 (grey) or 3 (RGB), or [B, H, W], in rows of `columns`, filled up with border. Values are
// clamped to [low, high]; NaN comes out black.
template <std::floating_point T>
[[nodiscard]] picture sheet(view<T> images, const sheet_options& options = {}) {
  const shape& extents = images.extents();
  const std::size_t rank = extents.rank(), channels = rank == 4 ? extents[1] : 1;
  if ((rank != 3 && rank != 4) || extents.size() == 0 || (channels != 1 && channels != 3))
    throw error{"sheet", {"a batch of shape ", to_string(extents)}, "[B, C, H, W] with 1 or 3 channels, or [B, H, W]"};
  require(options.columns >= 1 && options.upscale >= 1, "sheet",
          {"columns ", options.columns, ", upscale ", options.upscale}, "numbers from 1");
  require(options.low < options.high, "sheet", {"values from ", options.low, " to ", options.high}, "low < high");
  const std::size_t height = extents[rank - 2], width = extents[rank - 1], count = images.samples();
  const std::size_t columns = std::min(options.columns, count), rows = (count + columns - 1) / columns;
  const std::size_t zoom = options.upscale;
  const auto shade = [&](double value) {
    const double s = (value - options.low) / (options.high - options.low) * 255;
    return static_cast<std::uint8_t>(std::lround(s >= 255 ? 255.0 : s > 0 ? s : 0.0));  // NaN takes the last branch
  };

  picture result{(columns * (width + options.border) + options.border) * zoom,
                 (rows * (height + options.border) + options.border) * zoom,
                 channels,
                 {}};
  result.pixels.assign(result.width * result.height * channels, options.border_grey);
  for (std::size_t i = 0; i < count; ++i) {
    const T* const image = images.sample(i);
    for (std::size_t e = 0; e < images.sample_size(); ++e) {
      const std::size_t channel = e / (height * width), pixel = e % (height * width);
      const std::size_t y = i / columns * (height + options.border) + options.border + pixel / width;
      const std::size_t x = i % columns * (width + options.border) + options.border + pixel % width;
      const std::uint8_t value = shade(static_cast<double>(image[e]));
      for (std::size_t line = 0; line < zoom; ++line)
        for (std::size_t column = 0; column < zoom; ++column)
          result.pixels[((y * zoom + line) * result.width + x * zoom + column) * channels + channel] = value;
    }
  }
  return result;
}

}  // namespace noisefall
