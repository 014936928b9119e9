#include "catch.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <numbers>
#include <span>
#include <utility>
#include <vector>

#include <noisefall/random/normals.hpp>

#include "random/golden_normals.hpp"
#include "random/moments.hpp"

using namespace noisefall;
using sizes = std::initializer_list<std::size_t>;

namespace {

std::vector<float> batch(const normal_stream& stream, std::size_t samples) {
  std::vector<float> z(samples * stream.sample_size);
  normals(stream, 0, z.size(), z.data());
  return z;
}

// The mapping as normals.hpp states it, one element at a time in double.
double by_definition(std::uint64_t seed, std::uint32_t draw, std::uint64_t sample, std::size_t d, std::size_t e) {
  const std::size_t block = d >= 64 ? 16 * (e / 64) + e % 16 : e / 4, word = d >= 64 ? e % 64 / 16 : e % 4;
  const philox_block words =
      philox_4x32_10({static_cast<std::uint32_t>(block), draw, static_cast<std::uint32_t>(sample),
                      static_cast<std::uint32_t>(sample >> 32)},
                     {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  const std::uint32_t k1 = words[word / 2 * 2], k2 = words[word / 2 * 2 + 1];
  const double rounded = static_cast<double>(static_cast<float>(k1 >> 1));
  const double u = static_cast<double>(static_cast<float>(rounded * 0x1p-31 + 0x1p-32));
  const double r = std::sqrt(-2 * std::log(u)) * (k2 >> 31 ? -1 : 1);
  const double angle = static_cast<double>(static_cast<std::int32_t>(k2 << 2)) * 0x1p-31 * std::numbers::pi / 4;
  std::pair<double, double> z{r * std::cos(angle), r * std::sin(angle)};
  if (k2 >> 30 & 1u) std::swap(z.first, z.second);
  return word % 2 == 0 ? z.first : z.second;
}

}  // namespace

TEST_CASE("the mapping from (seed, draw, sample, element) to bits is version 1, on every machine and compiler") {
  REQUIRE(noise_mapping_version == 1);
  const std::vector<float> first = batch({42, 0, 0, 64}, 3);
  CHECK(std::bit_cast<std::uint32_t>(first[0]) == 0xbe46ace8u);
  CHECK(std::bit_cast<std::uint32_t>(first[1]) == 0x3d95e033u);
  CHECK(std::bit_cast<std::uint32_t>(first[15]) == 0x3eda6319u);
  CHECK(std::bit_cast<std::uint32_t>(first[16]) == 0x3f785e5cu);
  CHECK(std::bit_cast<std::uint32_t>(first[32]) == 0x3f9e28d3u);
  CHECK(std::bit_cast<std::uint32_t>(first[63]) == 0xbc9a1cfeu);
  const kernels::instruction_set widest = kernels::widest_instruction_set();
  for (const test::golden_batch& golden : test::golden_batches) CHECK(test::hash_of(golden, widest) == golden.expected);
  CHECK(test::hash_of_many(widest) == test::golden_hash_of_many);
  test::hash large;
  large.add(batch({2024, 1, 3, 1000}, 1000));
  large.add(batch({2024, 1, 3, 37}, 1001));
  CHECK(large.value() == 0xb5adf72600fe4d1cu);
}

TEST_CASE("normals are Box-Muller of their Philox words to float precision") {
  for (const std::size_t d : sizes{1, 2, 3, 5, 62, 63, 64, 65, 128, 200}) {
    const std::size_t samples = 7;
    const std::uint64_t seed = 0xfedcba9876543210u, first = 0xfffffffdu;  // the sample's low word overflows
    const std::vector<float> z = batch({seed, 9, first, d}, samples);
    double worst = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      const double expected = by_definition(seed, 9, first + i / d, d, i % d);
      worst = std::max(worst, std::abs(static_cast<double>(z[i]) - expected) / std::max(std::abs(expected), 1e-30));
    }
    CHECK(worst < 4e-7);
  }
}

TEST_CASE("any part of a batch of normals has the bits of the whole") {
  for (const std::size_t d : sizes{1, 2, 7, 63, 64, 65, 112, 784}) {
    const normal_stream stream{7, 3, 11, d};
    const std::size_t samples = 9, size = samples * d;
    const std::vector<float> whole = batch(stream, samples);
    std::vector<float> parts(size);
    for (std::size_t at = 0, length = 1; at < size; at += length, length = length * 3 % 101 + 1)
      normals(stream, at, std::min(at + length, size), parts.data() + at);
    CHECK(parts == whole);
    for (std::size_t i = 0; i < samples; ++i) {
      const std::vector<float> alone = batch({7, 3, 11 + i, d}, 1);
      CHECK(alone == std::vector<float>(whole.begin() + static_cast<std::ptrdiff_t>(i * d),
                                        whole.begin() + static_cast<std::ptrdiff_t>((i + 1) * d)));
    }
  }
}

TEST_CASE("double normals are the float normals, widened") {
  for (const std::size_t d : sizes{3, 70}) {
    const std::vector<float> narrow = batch({5, 2, 0, d}, 4);
    std::vector<double> wide(narrow.size());
    normals({5, 2, 0, d}, 0, wide.size(), wide.data());
    CHECK(std::equal(narrow.begin(), narrow.end(), wide.begin(),
                     [](float a, double b) { return static_cast<double>(a) == b; }));
  }
}

TEST_CASE("normals have the moments and the distribution of standard normals") {
  for (const std::size_t d : sizes{16, 1000}) {
    const std::vector<float> z = batch({20240607, 3, 0, d}, 1000000 / d);
    CHECK(test::standard_scores(std::span<const float>{z}).worst() < 4);
    CHECK(test::kolmogorov_smirnov(std::span<const float>{z}) < 1.95);
  }
}

TEST_CASE("normals of different elements, samples, draws and seeds are independent") {
  const std::size_t d = 1000;
  const std::vector<float> z = batch({1, 3, 0, d}, 500), other_draw = batch({1, 4, 0, d}, 500),
                           other_seed = batch({2, 3, 0, d}, 500);
  const std::span<const float> all{z};
  for (const std::size_t lag : sizes{1, 15, 16, 64, d})
    CHECK(std::abs(test::correlation_score(all.first(z.size() - lag), all.last(z.size() - lag))) < 4);
  CHECK(std::abs(test::correlation_score(all, std::span<const float>{other_draw})) < 4);
  CHECK(std::abs(test::correlation_score(all, std::span<const float>{other_seed})) < 4);
}

TEST_CASE("a sample too large for the counter is refused") {
  float z = 0;
  CHECK_THROWS_AS(normals({0, 0, 0, (std::size_t{1} << 34) + 1}, 0, 1, &z), error);
}
