// PNG files of every colour type, written here, and damaged ones.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <zlib.h>

#include "catch.hpp"
#include "message_of.hpp"
#include "support/png_file.hpp"

namespace {

using bytes = std::vector<std::uint8_t>;

// One for each case, for they may run at the same time.
std::filesystem::path file;
void write_to(const char* name) { file = std::filesystem::temp_directory_path() / name; }

void append(bytes& to, std::size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(number >> shift & 255));
}

bytes chunk(const std::string& type, const bytes& content) {
  bytes made;
  append(made, content.size());
  const std::size_t begin = made.size();
  made.insert(made.end(), type.begin(), type.end());
  made.insert(made.end(), content.begin(), content.end());
  append(made, crc32_z(0, made.data() + begin, made.size() - begin));
  return made;
}

// Each row has its filter before it.
struct image {
  std::uint8_t depth = 8, colour = 2, interlaced = 0;
  bytes rows, palette{};
  std::size_t width = 2, height = 2;

  bytes encoded() const {
    bytes header;
    append(header, width);
    append(header, height);
    header.insert(header.end(), {depth, colour, 0, 0, interlaced});
    uLongf size = compressBound(static_cast<uLong>(rows.size()));
    bytes packed(size);
    compress(packed.data(), &size, rows.data(), static_cast<uLong>(rows.size()));
    packed.resize(size);
    bytes png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    for (const bytes& part : {chunk("IHDR", header), palette.empty() ? bytes{} : chunk("PLTE", palette),
                              chunk("tEXt", {'k', 0, 'v'}), chunk("IDAT", packed), chunk("IEND", {})})
      png.insert(png.end(), part.begin(), part.end());
    return png;
  }
};

void save(const bytes& content) {
  std::ofstream{file, std::ios::binary}.write(reinterpret_cast<const char*>(content.data()),
                                              static_cast<std::streamsize>(content.size()));
}

noisefall::picture read(const image& from) {
  save(from.encoded());
  return examples::read_png(file);
}

}  // namespace

TEST_CASE("Every colour type of PNG is read as grey or colours of 8 bits") {
  write_to("noisefall_png_colours.png");
  CHECK(read({.depth = 8, .colour = 0, .rows = {0, 10, 20, 2, 1, 1}}).pixels == bytes{10, 20, 11, 21});
  CHECK(read({.depth = 8, .colour = 0, .rows = {3, 10, 20, 3, 4, 6}}).pixels == bytes{10, 25, 9, 23});
  CHECK(read({.depth = 8, .colour = 0, .rows = {4, 10, 20, 4, 4, 6}}).pixels == bytes{10, 30, 14, 36});
  CHECK(read({.depth = 8, .colour = 2, .rows = {1, 1, 2, 3, 1, 1, 1, 0, 7, 8, 9, 4, 5, 6}}).pixels ==
        bytes{1, 2, 3, 2, 3, 4, 7, 8, 9, 4, 5, 6});
  CHECK(read({.depth = 16, .colour = 0, .rows = {0, 10, 99, 20, 99, 0, 30, 99, 40, 99}}).pixels ==
        bytes{10, 20, 30, 40});
  CHECK(read({.depth = 8, .colour = 4, .rows = {0, 10, 255, 20, 0, 0, 30, 1, 40, 2}}).pixels == bytes{10, 20, 30, 40});
  CHECK(read({.depth = 8, .colour = 6, .rows = {0, 1, 2, 3, 255, 4, 5, 6, 0, 0, 7, 8, 9, 1, 1, 2, 3, 1}}).pixels ==
        bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3});
  CHECK(read({.depth = 2, .colour = 0, .rows = {0, 0b00011011, 0, 0b11100100}}).pixels == bytes{0, 85, 255, 170});
  const noisefall::picture by_palette =
      read({.depth = 1, .colour = 3, .rows = {0, 0b01000000, 0, 0b10000000}, .palette = {1, 2, 3, 4, 5, 6}});
  CHECK(by_palette.channels == 3);
  CHECK(by_palette.pixels == bytes{1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3});
  CHECK(examples::read_png_text(file, "k") == "v");
  CHECK(!examples::read_png_text(file, "other"));
}

TEST_CASE("What write_png writes is read, and a text beside it") {
  write_to("noisefall_png_written.png");
  for (const std::size_t channels : {1U, 3U}) {
    noisefall::picture drawn{5, 3, channels, {}};
    for (std::size_t i = 0; i < 15 * channels; ++i) drawn.pixels.push_back(static_cast<std::uint8_t>(17 * i));
    noisefall::write_png(file, drawn);
    CHECK(!examples::read_png_text(file, "job"));
    for (const bool with_text : {false, true}) {
      if (with_text) examples::write_png_with_text(file, drawn, "job", "caf\xC3\xA9");
      const noisefall::picture read = examples::read_png(file);
      CHECK(read.width == 5);
      CHECK(read.height == 3);
      CHECK(read.channels == channels);
      CHECK(read.pixels == drawn.pixels);
    }
    CHECK(examples::read_png_text(file, "job") == "caf\xC3\xA9");
  }
  std::filesystem::remove(file);
  CHECK(message_of([] { examples::read_png(file); }) == file.string() + ": there is no such file; allowed: a PNG file");
}

TEST_CASE("A damaged PNG file, an interlaced one and what is none are refused by name") {
  write_to("noisefall_png_damaged.png");
  const auto refused = [](const bytes& content) {
    save(content);
    return message_of([] { examples::read_png(file); });
  };
  const image fine{.depth = 8, .colour = 0, .rows = {0, 10, 20, 0, 30, 40}};
  bytes content = fine.encoded();
  const std::string name = file.string();
  CHECK(refused({'J', 'F', 'I', 'F'}) == name + ": does not begin as a PNG file; allowed: a PNG file");
  CHECK(refused({content.begin(), content.end() - 5}) == name + ": is truncated; allowed: a PNG file");
  content[content.size() - 20] ^= 1;
  CHECK(refused(content) == name + ": is damaged: the checksum of a chunk is wrong; allowed: a PNG file");
  image other = fine;
  other.interlaced = 1;
  CHECK(refused(other.encoded()) == name + ": is interlaced; allowed: a PNG file that is not interlaced");
  other = fine;
  other.rows.pop_back();
  CHECK(refused(other.encoded()) == name + ": is damaged: its pixels cannot be unpacked; allowed: a PNG file");
  other = fine;
  other.rows[0] = 5;
  CHECK(refused(other.encoded()) == name + ": is damaged: a row has no filter that there is; allowed: a PNG file");
  other = fine;
  other.colour = 3;
  CHECK(refused(other.encoded()) == name + ": is damaged: a pixel's colour is not in the palette; allowed: a PNG file");
  for (const std::size_t extent : {0U, 32769U, 0xFFFFFFFFU}) {
    other = fine;
    other.width = extent;
    CHECK(refused(other.encoded()) == name + ": has no size, or one beyond 32768; allowed: a PNG file");
  }
  other = fine;
  other.width = other.height = 32768;  // nothing of that size is asked for
  CHECK(refused(other.encoded()) == name + ": is damaged: it holds fewer pixels than it says; allowed: a PNG file");
  for (const auto& [depth, colour] : {std::pair{8, 1}, {8, 7}, {3, 0}, {16, 3}, {4, 2}, {0, 0}}) {
    other = fine;
    other.depth = static_cast<std::uint8_t>(depth);
    other.colour = static_cast<std::uint8_t>(colour);
    CHECK(refused(other.encoded()) == name + ": has a colour type that there is not; allowed: a PNG file");
  }
  content = fine.encoded();
  content.erase(content.begin() + 8, content.begin() + 33);
  CHECK(refused(content) == name + ": does not begin with a header; allowed: a PNG file");
}
