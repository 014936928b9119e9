// The parts the example programs share: weight files, the digit network against torch.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "support/digit_network.hpp"
#include "support/safetensors.hpp"

namespace {

using Catch::Matchers::ContainsSubstring;
using examples::digit_network;

const std::filesystem::path data_folder = NOISEFALL_EXAMPLES_DATA;
const std::filesystem::path weight_file = data_folder / "digits_f16.safetensors";

/// What examples/digits/record.py wrote.
struct recorded_case {
  std::vector<float> times, images, eps;
  std::vector<int> classes;

  recorded_case() {
    std::ifstream in(data_folder / "digit_network_case.json");
    const auto json = nlohmann::json::parse(in);
    json.at("times").get_to(times);
    json.at("classes").get_to(classes);
    json.at("images").get_to(images);
    json.at("eps").get_to(eps);
  }
};

/// A file in the temporary folder that goes away with its test. Its name is its own: test programs run side by side.
class temporary_file {
 public:
  explicit temporary_file(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / (std::to_string(std::random_device()()) + name)) {}
  temporary_file(const std::string& name, const std::string& content) : temporary_file(name) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Header, padded by nothing, and data.
std::string safetensors_bytes(const std::string& header, const std::string& data) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(header.size() >> shift & 0xFF);
  return bytes + header + data;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

}  // namespace

TEST_CASE("the digit network computes what torch computes", "[examples]") {
  constexpr std::size_t pixels = digit_network::pixels;
  const recorded_case recorded;
  REQUIRE(recorded.images.size() == 4 * pixels);
  REQUIRE(recorded.eps.size() == recorded.images.size());
  digit_network network(weight_file);
  std::vector<float> eps(recorded.eps.size());
  network.evaluate(recorded.images, recorded.times, recorded.classes, eps);
  for (std::size_t image = 0; image < 4; ++image) {
    float largest = 0;
    for (std::size_t i = image * pixels; i < (image + 1) * pixels; ++i) {
      const float difference = std::abs(eps[i] - recorded.eps[i]);
      largest = difference <= largest ? largest : difference;  // keeps NaN
    }
    INFO("image " << image << ", time " << recorded.times[image] << ", class " << recorded.classes[image]);
    CHECK(largest <= 1e-5F);
  }
}

TEST_CASE("the eps of an image has the same bits whatever else is evaluated with it", "[examples]") {
  const recorded_case recorded;
  constexpr std::size_t pixels = digit_network::pixels;
  digit_network network(weight_file);
  std::vector<float> together(recorded.images.size());
  network.evaluate(recorded.images, recorded.times, recorded.classes, together);
  const auto part = [&](std::size_t image) { return std::span<const float>(together).subspan(image * pixels, pixels); };

  SECTION("alone, last image first, by a copy of the network") {
    digit_network copy = network;
    for (std::size_t image = 4; image-- > 0;) {
      std::vector<float> alone(pixels);
      copy.evaluate(std::span(recorded.images).subspan(image * pixels, pixels),
                    std::span(recorded.times).subspan(image, 1), std::span(recorded.classes).subspan(image, 1), alone);
      CHECK(same_bits(alone, part(image)));
    }
  }
  SECTION("at an odd place in a larger batch, from and to memory off any alignment") {
    constexpr std::size_t count = 7;
    std::vector<float> images(count * pixels + 1), eps(count * pixels + 1), times(count);
    std::vector<int> classes(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t from = (3 * i + 1) % 4;
      std::copy_n(recorded.images.data() + from * pixels, pixels, images.data() + 1 + i * pixels);
      times[i] = recorded.times[from];
      classes[i] = recorded.classes[from];
    }
    network.evaluate(std::span(images).subspan(1), times, classes, std::span(eps).subspan(1));
    for (std::size_t i = 0; i < count; ++i)
      CHECK(same_bits(std::span(eps).subspan(1 + i * pixels, pixels), part((3 * i + 1) % 4)));
  }
  SECTION("in place") {
    auto images = recorded.images;
    network.evaluate(images, recorded.times, recorded.classes, images);
    CHECK(same_bits(images, together));
  }
  SECTION("one time and one class for all are B equal ones") {
    const std::array<float, 1> time{321.5F};
    const std::array<int, 1> label{4};
    std::vector<float> shared(together.size()), repeated(together.size());
    network.evaluate(recorded.images, time, label, shared);
    network.evaluate(recorded.images, std::vector<float>(4, time[0]), std::vector<int>(4, label[0]), repeated);
    CHECK(same_bits(shared, repeated));
    CHECK_FALSE(same_bits(shared, together));
  }
}

TEST_CASE("the digit network says which argument is wrong", "[examples]") {
  digit_network network(weight_file);
  std::vector<float> image(digit_network::pixels), eps(digit_network::pixels);
  const std::vector<float> time{1};
  const std::vector<int> label{1};
  const auto message = [&](std::span<const float> images, std::span<const float> times, std::span<const int> classes,
                           std::span<float> out) {
    return message_of([&] { network.evaluate(images, times, classes, out); });
  };
  const std::span<const float> nothing;
  CHECK(message(nothing, time, label, {}) == "nothing was thrown");
  CHECK_THAT(message(std::span(image).first(783), time, label, eps),
             ContainsSubstring("images has 783 values; allowed are multiples of 784"));
  CHECK_THAT(message(image, time, label, std::span(eps).first(1)),
             ContainsSubstring("eps has 1 values; allowed is the size of images, 784"));
  CHECK_THAT(message(image, std::vector<float>(2), label, eps),
             ContainsSubstring("times has 2 values; allowed are 1 and the number of images, 1"));
  CHECK_THAT(message(image, time, std::vector<int>(3), eps),
             ContainsSubstring("classes has 3 values; allowed are 1 and the number of images, 1"));
  CHECK_THAT(message(image, time, std::vector<int>{11}, eps),
             ContainsSubstring("class 11; allowed are 0 to 9, and 10 for none"));
}

TEST_CASE("a safetensors file yields its F16 and F32 tensors as floats", "[examples]") {
  // Halves: 1, -2, the smallest subnormal, the largest finite, infinity, -0.
  const std::string halves("\x00\x3C\x00\xC0\x01\x00\xFF\x7B\x00\x7C\x00\x80", 12);
  const std::string pi("\xDB\x0F\x49\x40", 4);
  const temporary_file file(
      "_noisefall_types.safetensors",
      safetensors_bytes(R"({"__metadata__":{"by":"hand"},"half":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},)"
                        R"("one":{"dtype":"F32","shape":[],"data_offsets":[12,16]},)"
                        R"("none":{"dtype":"F32","shape":[0,5],"data_offsets":[16,16]}})",
                        halves + pi));
  const examples::safetensors_file tensors(file.path());
  CHECK(tensors.tensors().size() == 3);
  CHECK(tensors.at("half", {2, 3}).values ==
        std::vector<float>{1, -2, std::ldexp(1.0F, -24), 65504, std::numeric_limits<float>::infinity(), 0});
  CHECK(std::signbit(tensors.at("half", {2, 3}).values[5]));
  CHECK(tensors.at("one", {}).values == std::vector<float>{3.14159274F});
  CHECK(tensors.at("none", {0, 5}).values.empty());
  CHECK_THAT(message_of([&] {
               (void)tensors.at("half", {3, 2});
             }),
             ContainsSubstring("tensor 'half' has shape [2,3]; allowed is [3,2]"));
  CHECK_THAT(message_of([&] { (void)tensors.at("two", {2}); }),
             ContainsSubstring("tensor 'two' is missing; it must be there with shape [2]"));
}

TEST_CASE("a truncated or wrong weight file is named with what is wrong in it", "[examples]") {
  const auto message = [](const std::string& content) {
    const temporary_file file("_noisefall_wrong.safetensors", content);
    auto text = message_of([&] { digit_network network(file.path()); });
    CHECK_THAT(text, ContainsSubstring(file.path().string()));
    return text;
  };
  const auto with_entry = [](const std::string& entry, const std::string& data) {
    return safetensors_bytes("{\"t1.weight\":" + entry + "}", data);
  };
  const std::string whole = bytes_of(weight_file);
  REQUIRE(whole.size() == 987328);

  CHECK_THAT(message_of([] { digit_network network("no/such.safetensors"); }),
             ContainsSubstring("no/such.safetensors: cannot be opened for reading"));
  CHECK_THAT(message(""), ContainsSubstring("0 bytes are no safetensors file"));
  CHECK_THAT(message(whole.substr(0, 100)), ContainsSubstring("the file is truncated or no safetensors file"));
  CHECK_THAT(message(whole.substr(0, whole.size() - 1)), ContainsSubstring("; the file is truncated"));
  CHECK_THAT(message(whole.substr(0, whole.size() - 1)), ContainsSubstring("tensor '"));
  CHECK_THAT(message(whole + "x"), ContainsSubstring("1 bytes follow the last tensor; none may"));
  CHECK_THAT(message("\x89PNG\r\n\x1A\n and more"), ContainsSubstring("no safetensors file"));
  CHECK_THAT(message(safetensors_bytes("[1]", "")), ContainsSubstring("the header is not a JSON object"));
  CHECK_THAT(message(safetensors_bytes("{\"a\":", "")), ContainsSubstring("the header is not a JSON object"));
  CHECK_THAT(message(safetensors_bytes("{}", "")),
             ContainsSubstring("tensor 't1.weight' is missing; it must be there with shape [128,64]"));
  CHECK_THAT(message(with_entry(R"({"dtype":"BF16","shape":[1],"data_offsets":[0,2]})", "ab")),
             ContainsSubstring("tensor 't1.weight' has dtype \"BF16\"; allowed are \"F16\" and \"F32\""));
  CHECK_THAT(message(with_entry("7", "")), ContainsSubstring("tensor 't1.weight' has dtype null"));
  CHECK_THAT(message(with_entry(R"({"dtype":"F16","shape":[-1],"data_offsets":[0,2]})", "ab")),
             ContainsSubstring("tensor 't1.weight' has shape [-1]; allowed is a list of whole numbers from 0"));
  CHECK_THAT(message(with_entry(R"({"dtype":"F16","shape":[1],"data_offsets":[2,0]})", "ab")),
             ContainsSubstring("has data_offsets [2,0]; allowed is [begin, end] with begin <= end"));
  CHECK_THAT(message(with_entry(R"({"dtype":"F16","shape":[2],"data_offsets":[0,2]})", "ab")),
             ContainsSubstring("has 2 bytes, which is not shape [2] of 2 bytes each"));
  CHECK_THAT(message(with_entry(R"({"dtype":"F16","shape":[4611686018427387904,4],"data_offsets":[0,0]})", "")),
             ContainsSubstring("has 0 bytes, which is not shape [4611686018427387904,4]"));
  CHECK_THAT(message(with_entry(R"({"dtype":"F16","shape":[1],"data_offsets":[0,2]})", "ab")),
             ContainsSubstring("tensor 't1.weight' has shape [1]; allowed is [128,64]"));
}
