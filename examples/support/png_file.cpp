#include "png_file.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include <zlib.h>

#include <noisefall/core/error.hpp>

namespace examples {

namespace {

using bytes = std::vector<std::uint8_t>;

constexpr std::array<std::uint8_t, 8> signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

std::size_t big_endian(std::span<const std::uint8_t> from) {
  std::size_t value = 0;
  for (const std::uint8_t byte : from) value = value << 8 | byte;
  return value;
}

void append_big_endian(bytes& to, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift & 0xFF));
}

struct chunk {
  std::string type;
  std::span<const std::uint8_t> content;
};

// A file cut into its chunks, their checksums looked at.
class chunks {
 public:
  explicit chunks(const std::filesystem::path& file) : name_{file.string()} {
    std::error_code ignored;
    nf::require(std::filesystem::is_regular_file(file, ignored), name_, "there is no such file", "a PNG file");
    std::ifstream in{file, std::ios::binary};
    content_.assign(std::istreambuf_iterator<char>{in}, {});
    const std::span<const std::uint8_t> all{content_};
    require(all.size() >= signature.size() && std::equal(signature.begin(), signature.end(), all.begin()),
            "does not begin as a PNG file");
    for (std::size_t at = signature.size(); list_.empty() || list_.back().type != "IEND";) {
      require(at + 12 <= all.size(), "is truncated");
      const std::size_t size = big_endian(all.subspan(at, 4));
      require(size <= all.size() - at - 12, "is truncated");
      const auto checked = all.subspan(at + 4, 4 + size);
      require(big_endian(all.subspan(at + 8 + size, 4)) == crc32_z(0, checked.data(), checked.size()),
              "is damaged: the checksum of a chunk is wrong");
      list_.push_back({{checked.begin(), checked.begin() + 4}, checked.subspan(4)});
      at += 12 + size;
    }
  }

  const std::vector<chunk>& list() const { return list_; }
  void require(bool holds, const char* what, const char* allowed = "a PNG file") const {
    nf::require(holds, name_, what, allowed);
  }

 private:
  std::string name_;
  bytes content_;
  std::vector<chunk> list_;
};

std::uint8_t paeth(int left, int above, int corner) {
  const int p = left + above - corner;
  const int a = std::abs(p - left), b = std::abs(p - above), c = std::abs(p - corner);
  return static_cast<std::uint8_t>(a <= b && a <= c ? left : b <= c ? above : corner);
}

// Undoes the filters of the rows, in place; each row has its filter before it.
void unfilter(bytes& rows, std::size_t row, std::size_t pixel, const chunks& file) {
  const std::size_t height = rows.size() / (row + 1);
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t* const line = rows.data() + y * (row + 1) + 1;
    const std::uint8_t* const above = y == 0 ? nullptr : line - (row + 1);
    const int filter = line[-1];
    file.require(filter <= 4, "is damaged: a row has no filter that there is");
    for (std::size_t i = 0; i < row; ++i) {
      const int left = i < pixel ? 0 : line[i - pixel], up = above == nullptr ? 0 : above[i];
      const int corner = i < pixel || above == nullptr ? 0 : above[i - pixel];
      const int guess = filter == 0   ? 0
                        : filter == 1 ? left
                        : filter == 2 ? up
                        : filter == 3 ? (left + up) / 2
                                      : paeth(left, up, corner);
      line[i] = static_cast<std::uint8_t>(line[i] + guess);
    }
  }
}

}  // namespace

nf::picture read_png(const std::filesystem::path& name) {
  const chunks file{name};
  const chunk& header = file.list().front();
  file.require(header.type == "IHDR" && header.content.size() == 13, "does not begin with a header");
  const std::size_t width = big_endian(header.content.subspan(0, 4)), height = big_endian(header.content.subspan(4, 4));
  const std::size_t depth = header.content[8], colour = header.content[9];
  constexpr std::array<std::size_t, 7> samples_of_colour{1, 0, 3, 1, 2, 0, 4};
  const std::size_t samples = colour < samples_of_colour.size() ? samples_of_colour[colour] : 0;
  const bool deep = depth == 8 || (depth == 16 && colour != 3);
  const bool shallow = (depth == 1 || depth == 2 || depth == 4) && (colour == 0 || colour == 3);
  constexpr std::size_t most = 1 << 15;  // pixels in a row or column
  file.require(width >= 1 && height >= 1 && width <= most && height <= most, "has no size, or one beyond 32768");
  file.require(samples > 0 && (deep || shallow), "has a colour type that there is not");
  file.require(header.content[12] == 0, "is interlaced", "a PNG file that is not interlaced");

  bytes packed;
  std::span<const std::uint8_t> palette;
  for (const chunk& one : file.list()) {
    if (one.type == "IDAT") packed.insert(packed.end(), one.content.begin(), one.content.end());
    if (one.type == "PLTE") palette = one.content;
  }
  const std::size_t row = (width * samples * depth + 7) / 8;
  constexpr std::size_t most_unpacked = 1032;  // bytes from one of zlib's
  file.require((row + 1) * height <= (packed.size() + 1) * most_unpacked,
               "is damaged: it holds fewer pixels than it says");
  bytes rows((row + 1) * height);
  uLongf size = static_cast<uLongf>(rows.size());
  const int status = uncompress(rows.data(), &size, packed.data(), static_cast<uLong>(packed.size()));
  file.require(status == Z_OK && size == rows.size(), "is damaged: its pixels cannot be unpacked");
  unfilter(rows, row, std::max<std::size_t>(1, samples * depth / 8), file);

  const bool grey = colour == 0 || colour == 4;
  nf::picture image{width, height, grey ? 1U : 3U, {}};
  image.pixels.reserve(width * height * image.channels);
  for (std::size_t y = 0; y < height; ++y) {
    const std::uint8_t* const line = rows.data() + y * (row + 1) + 1;
    for (std::size_t x = 0; x < width; ++x) {
      if (shallow || colour == 3) {
        const std::size_t bit = x * depth;
        const std::size_t value = line[bit / 8] >> (8 - depth - bit % 8) & ((1U << depth) - 1);
        if (colour == 0) {
          image.pixels.push_back(static_cast<std::uint8_t>(value * 255 / ((1U << depth) - 1)));
          continue;
        }
        file.require(3 * value + 2 < palette.size(), "is damaged: a pixel's colour is not in the palette");
        image.pixels.insert(image.pixels.end(), palette.begin() + static_cast<std::ptrdiff_t>(3 * value),
                            palette.begin() + static_cast<std::ptrdiff_t>(3 * value + 3));
        continue;
      }
      for (std::size_t c = 0; c < image.channels; ++c) image.pixels.push_back(line[(x * samples + c) * depth / 8]);
    }
  }
  return image;
}

std::optional<std::string> read_png_text(const std::filesystem::path& name, const std::string& keyword) {
  const chunks file{name};
  for (const chunk& one : file.list()) {
    if (one.type != "iTXt" && one.type != "tEXt") continue;
    const std::string_view content{reinterpret_cast<const char*>(one.content.data()), one.content.size()};
    if (!content.starts_with(keyword) || content.size() <= keyword.size() || content[keyword.size()] != 0) continue;
    std::string_view rest = content.substr(keyword.size() + 1);
    if (one.type == "tEXt") return std::string{rest};
    // iTXt: whether and how it is compressed, a language, the keyword in that language, each ended by 0
    file.require(rest.size() >= 2 && rest[0] == 0, "holds a compressed text", "a text as it is");
    rest.remove_prefix(2);
    for (int i = 0; i < 2; ++i) {
      const std::size_t end = rest.find('\0');
      file.require(end != std::string_view::npos, "is damaged: a text has no end");
      rest.remove_prefix(end + 1);
    }
    return std::string{rest};
  }
  return {};
}

void write_png_with_text(const std::filesystem::path& file, const nf::picture& image, const std::string& keyword,
                         const std::string& text) {
  bytes png = nf::encode_png(image);
  bytes added{'i', 'T', 'X', 't'};
  added.insert(added.end(), keyword.begin(), keyword.end());
  added.insert(added.end(), 5, 0);  // its end; not compressed, by no method; no language, no translated keyword
  added.insert(added.end(), text.begin(), text.end());
  bytes whole;
  append_big_endian(whole, added.size() - 4);
  whole.insert(whole.end(), added.begin(), added.end());
  append_big_endian(whole, crc32_z(0, added.data(), added.size()));
  constexpr std::size_t end_chunk = 12;
  png.insert(png.end() - end_chunk, whole.begin(), whole.end());
  std::ofstream out{file, std::ios::binary};
  out.write(reinterpret_cast<const char*>(png.data()), static_cast<std::streamsize>(png.size()));
  out.close();
  nf::require(bool{out}, file.string(), "cannot be written", "a file in a folder that is there and can be written to");
}

}  // namespace examples
