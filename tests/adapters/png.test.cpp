// PNG files: written, decoded again, and what cannot be one; sheets of samples; previews of a run.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include <zlib.h>

#include <noisefall/adapters/png.hpp>
#include <noisefall/adapters/png_previews.hpp>
#include <noisefall/sampler/keep_every.hpp>
#include <noisefall/sampler/observers.hpp>
#include <noisefall/trajectory/karras.hpp>

#include "catch.hpp"
#include "laws/support.hpp"

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;

namespace {

// A folder that goes away with its test. Its name is its own: test programs run side by side.
class temporary_folder {
 public:
  temporary_folder() : path_{std::filesystem::temp_directory_path() / ("noisefall-png-" + std::to_string(getpid()))} {
    std::filesystem::create_directories(path_);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::vector<std::uint8_t> bytes_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::size_t big_endian(const std::vector<std::uint8_t>& bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | bytes.at(at + i);
  return value;
}

// By the specification, with all its checks: 8-bit grey or RGB, every row unfiltered.
nf::picture decode(const std::vector<std::uint8_t>& png) {
  constexpr std::array<std::uint8_t, 8> signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  REQUIRE(png.size() > signature.size());
  REQUIRE(std::equal(signature.begin(), signature.end(), png.begin()));
  nf::picture image;
  std::string types;
  std::vector<std::uint8_t> packed;
  for (std::size_t at = signature.size(); at < png.size();) {
    const std::size_t size = big_endian(png, at);
    REQUIRE(at + 12 + size <= png.size());
    const std::string type(png.begin() + static_cast<std::ptrdiff_t>(at + 4),
                           png.begin() + static_cast<std::ptrdiff_t>(at + 8));
    types += type + ' ';
    REQUIRE(big_endian(png, at + 8 + size) == crc32(0, png.data() + at + 4, static_cast<uInt>(size + 4)));
    if (type == "IHDR") {
      REQUIRE(size == 13);
      image.width = big_endian(png, at + 8);
      image.height = big_endian(png, at + 12);
      REQUIRE(png[at + 16] == 8);
      image.channels = png[at + 17] == 0 ? 1 : png[at + 17] == 2 ? 3 : 0;
      for (std::size_t zero = 18; zero < 21; ++zero) REQUIRE(png[at + zero] == 0);
    }
    if (type == "IDAT")
      packed.insert(packed.end(), png.begin() + static_cast<std::ptrdiff_t>(at + 8),
                    png.begin() + static_cast<std::ptrdiff_t>(at + 8 + size));
    at += 12 + size;
  }
  REQUIRE(types == "IHDR IDAT IEND ");
  REQUIRE(image.channels != 0);
  const std::size_t row = image.width * image.channels;
  std::vector<std::uint8_t> lines(image.height * (row + 1) + 1);
  auto size = static_cast<uLongf>(lines.size());
  REQUIRE(uncompress(lines.data(), &size, packed.data(), static_cast<uLong>(packed.size())) == Z_OK);
  REQUIRE(size == image.height * (row + 1));
  for (std::size_t y = 0; y < image.height; ++y) {
    const auto* line = lines.data() + y * (row + 1);
    REQUIRE(line[0] == 0);
    image.pixels.insert(image.pixels.end(), line + 1, line + 1 + row);
  }
  return image;
}

bool same(const nf::picture& a, const nf::picture& b) {
  return a.width == b.width && a.height == b.height && a.channels == b.channels && a.pixels == b.pixels;
}

}  // namespace

TEST_CASE("A PNG file decodes to the picture that was written") {
  const temporary_folder folder;
  for (const std::size_t channels : {std::size_t{1}, std::size_t{3}}) {
    nf::picture image{5, 4, channels};
    for (std::size_t i = 0; i < 20 * channels; ++i) image.pixels.push_back(static_cast<std::uint8_t>(37 * i + 11));
    nf::write_png(folder / "picture.png", image);
    CHECK(same(decode(bytes_of(folder / "picture.png")), image));
  }
}

TEST_CASE("A picture that no PNG can hold is refused with what is allowed") {
  CHECK_THROWS_WITH((void)nf::encode_png({1, 1, 2, {0, 0}}),
                    ContainsSubstring("2 channels; allowed: 1 (grey) and 3 (RGB)"));
  CHECK_THROWS_WITH((void)nf::encode_png({0, 1, 1, {}}),
                    ContainsSubstring("width 0, height 1; allowed: 1 to 2147483647"));
  CHECK_THROWS_WITH((void)nf::encode_png({2, 2, 1, {0}}),
                    ContainsSubstring("1 values; allowed: 4: width * height * channels"));
  CHECK_THROWS_WITH(nf::write_png("no/such/folder.png", {1, 1, 1, {0}}),
                    ContainsSubstring("no/such/folder.png: cannot be written: No such file or directory"));
}

TEST_CASE("A sheet shows images in rows inside borders") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> images{-1, 1, 0, 5, -7, nan};  // three images of one row and two columns
  const auto view_of = [&](const nf::shape& extents) { return nf::view<float>{images.data(), extents}; };
  const auto result = nf::sheet(view_of({3, 1, 1, 2}), {.columns = 2, .border = 1, .upscale = 1, .border_grey = 9});
  CHECK(same(result, {7, 5, 1, {9, 9, 9,   9, 9,   9,   9,  //
                                9, 0, 255, 9, 128, 255, 9,  //
                                9, 9, 9,   9, 9,   9,   9,  //
                                9, 0, 0,   9, 9,   9,   9,  //
                                9, 9, 9,   9, 9,   9,   9}}));
  CHECK(same(nf::sheet(view_of({1, 1, 2}), {.columns = 10, .border = 0, .upscale = 3}),
             {6, 3, 1, {0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255}}));
  // [1, 3, 1, 2] in a range of its own: planes become triples.
  CHECK(same(nf::sheet(view_of({1, 3, 1, 2}), {.border = 0, .upscale = 1, .low = 0, .high = 5}),
             {2, 1, 3, {0, 0, 0, 51, 255, 0}}));
}

TEST_CASE("What is no batch of images is no sheet") {
  const nf::tensor<float> x({2, 2, 3, 3}), empty({0, 1, 3, 3}), flat({2, 9}), one({1, 1, 3, 3});
  const auto refused = [](const nf::tensor<float>& batch, const nf::sheet_options& options = {}) {
    return [&batch, options] { (void)nf::sheet(nf::view<float>{batch}, options); };
  };
  CHECK_THROWS_WITH(refused(x)(), ContainsSubstring("[2, 2, 3, 3]; allowed: [B, C, H, W] with 1 or 3 channels"));
  CHECK_THROWS_WITH(refused(empty)(), ContainsSubstring("[0, 1, 3, 3]"));
  CHECK_THROWS_WITH(refused(flat)(), ContainsSubstring("[2, 9]"));
  CHECK_THROWS_WITH(refused(one, {.columns = 0})(), ContainsSubstring("columns 0, upscale 2; allowed: numbers from 1"));
  CHECK_THROWS_WITH(refused(one, {.low = 1, .high = 1})(), ContainsSubstring("low < high"));
}

TEST_CASE("L12: previews are what the run held, and change nothing") {
  using namespace laws;
  const temporary_folder folder;
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, nf::karras{.steps = 5}};
  network<> model;
  nf::tensor<float> x({3, 1, 4, 6}), expected({3, 1, 4, 6});
  sample(model, expected, guided);
  const nf::sheet_options options{.columns = 3, .low = -3, .high = 3};
  nf::png_previews<float> estimates{folder / "deep/er/step_{}.png", {.every = 2, .sheet = options}};
  nf::png_previews<float> states{folder / "x{}.png", {.every = 5, .what = nf::kept::x, .sheet = options}};
  nf::keep_every<float> kept{2};
  for (int runs = 0; runs < 2; ++runs) sample(model, x, guided, nf::observers{estimates, states, kept});
  CHECK(same_bits(x, expected));
  REQUIRE(estimates.files().size() == 3);
  CHECK(estimates.files()[0] == folder / "deep/er/step_002.png");
  CHECK(estimates.files()[2] == folder / "deep/er/step_005.png");
  for (std::size_t k = 0; k < 3; ++k) CHECK(same(decode(bytes_of(estimates.files()[k])), nf::sheet(kept[k], options)));
  CHECK(states.files() == std::vector<std::filesystem::path>{folder / "x005.png"});
  CHECK(same(decode(bytes_of(states.files()[0])), nf::sheet(nf::view<float>{x}, options)));

  CHECK_THROWS_WITH(nf::png_previews<float>{"steps.png"}, ContainsSubstring("a name with {}"));
  nf::png_previews<float> nowhere{folder / "x005.png" / "{}.png"};
  CHECK_THROWS_WITH(sample(model, x, guided, nowhere), ContainsSubstring("x005.png: cannot be made: "));
}
