#include "catch.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <noisefall/random/normals.hpp>

using namespace noisefall;
using kernels::instruction_set;

namespace {

std::vector<instruction_set> vector_sets() {
  std::vector<instruction_set> sets;
  for (const instruction_set set : {instruction_set::neon, instruction_set::avx2, instruction_set::avx512})
    if (kernels::has(set)) sets.push_back(set);
  return sets;
}

struct request {
  normal_stream stream;
  std::size_t begin, end;
};

// Sizes around a lane, a block and a tile; samples whose number crosses 2^32; ranges that begin and end anywhere.
std::vector<request> random_requests(std::size_t count) {
  std::mt19937_64 random{1};
  const auto below = [&random](std::uint64_t n) { return static_cast<std::size_t>(random() % n); };
  std::vector<request> requests;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t most = k % 4 == 0 ? 6 : k % 4 == 1 ? 63 : k % 4 == 2 ? 300 : 5000;
    const std::size_t d = 1 + below(most), begin = below(3 * d), length = below(k % 5 == 0 ? 20 : 8000);
    const std::uint64_t first = k % 3 == 0 ? random() : 0xfffffff0u + below(16);
    requests.push_back({{random(), static_cast<std::uint32_t>(random()), first, d}, begin, begin + length});
  }
  return requests;
}

constexpr std::size_t margin = 80;

// With a margin on both sides, which no kernel may write to.
template <class T>
std::vector<T> made_by(instruction_set set, const request& r) {
  std::vector<T> z(r.end - r.begin + 2 * margin, T{-77});
  kernels::normals_by(set, r.stream, r.begin, r.end, z.data() + margin);
  return z;
}

}  // namespace

TEMPLATE_TEST_CASE("normals have the same bits by every instruction set", "", float, double) {
  CHECK(kernels::has(instruction_set::portable));
  CHECK(kernels::has(kernels::widest_instruction_set()));
  for (const request& r : random_requests(300)) {
    const std::vector<TestType> portable = made_by<TestType>(instruction_set::portable, r);
    std::size_t outside = 0;
    for (std::size_t i = 0; i < margin; ++i)
      for (const TestType z : {portable[i], portable[portable.size() - 1 - i]}) outside += z == TestType{-77} ? 0 : 1;
    CHECK(outside == 0);
    for (const instruction_set set : vector_sets()) {
      INFO("d = " << r.stream.sample_size << ", " << r.begin << " to " << r.end << ", set " << static_cast<int>(set));
      CHECK(made_by<TestType>(set, r) == portable);
    }
  }
}

TEST_CASE("rounds begun with what a sample has in common are those of Philox") {
  const philox_key key{0x89abcdefu, 0x01234567u};
  const kernels::draw_keys keys{key, 5};
  const std::uint64_t sample = 0x1234567890abcdefu;
  for (const std::uint32_t block : {0u, 1u, 77u, 0xffffffffu}) {
    const kernels::sample_rounds rounds{sample, keys};
    const std::uint64_t p = std::uint64_t{philox_multipliers[0]} * block;
    const std::uint64_t q = std::uint64_t{philox_multipliers[1]} * (static_cast<std::uint32_t>(p >> 32) ^ rounds.first);
    philox_block c{static_cast<std::uint32_t>(q >> 32) ^ rounds.second[0], static_cast<std::uint32_t>(q),
                   static_cast<std::uint32_t>(p) ^ rounds.second[1], rounds.second[2]};
    for (int round = 2; round < philox_rounds; ++round) {
      const std::uint64_t a = std::uint64_t{philox_multipliers[0]} * c[0];
      const std::uint64_t b = std::uint64_t{philox_multipliers[1]} * c[2];
      c = {static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ keys.low[round], static_cast<std::uint32_t>(b),
           static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ keys.high[round], static_cast<std::uint32_t>(a)};
    }
    CHECK(c == philox_4x32_10({block, 5, static_cast<std::uint32_t>(sample), static_cast<std::uint32_t>(sample >> 32)},
                              key));
  }
}

TEST_CASE("a multiplication and addition without the instruction rounds once") {
  std::mt19937 random{2};
  const auto real = [&random](int exponents) {
    const float sign = random() % 2 ? 1.0f : -1.0f;
    // Few bits now and then, so that sums come to lie halfway between two floats.
    const std::uint32_t mantissa = (random() & 0x7fffffu) & (random() % 2 ? 0x7ff000u : 0x7fffffu);
    const int exponent = static_cast<int>(random() % static_cast<unsigned>(2 * exponents)) - exponents;
    return sign * std::ldexp(std::bit_cast<float>(0x3f800000u | mantissa), exponent);
  };
  std::size_t wrong = 0;
  for (int i = 0; i < 400000; ++i) {
    const int exponents = i % 2 ? 4 : 40;
    const float a = real(exponents), b = real(exponents), c = i % 7 == 0 ? -a * b : real(exponents);
    wrong += std::bit_cast<std::uint32_t>(kernels::portable::emulated_fma(a, b, c)) !=
             std::bit_cast<std::uint32_t>(std::fma(a, b, c));
  }
  CHECK(wrong == 0);
}
