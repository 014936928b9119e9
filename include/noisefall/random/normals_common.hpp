// What the kernels of normals share: the groups of counters they are asked for, and Box-Muller's constants.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <noisefall/random/philox.hpp>

namespace noisefall::kernels {

inline constexpr std::size_t normal_lanes = 16;
inline constexpr std::size_t normal_block = 4 * normal_lanes;  // normals of 16 counters

// What all groups of a call share: the draw and the key of each round.
struct draw_keys {
  std::uint32_t draw, low[philox_rounds], high[philox_rounds];

  draw_keys(philox_key key, std::uint32_t which) : draw{which} {
    for (int round = 0; round < philox_rounds; ++round) {
      low[round] = key.low;
      high[round] = key.high;
      key.low += philox_weyl[0];
      key.high += philox_weyl[1];
    }
  }
};

// The first two Philox rounds of a counter as far as its block does not enter: with p the 64-bit product of the block
// and the first multiplier and q that of upper(p) ^ first and the second, the state after them is
//   (upper(q) ^ second[0], lower(q), lower(p) ^ second[1], second[2]).
struct sample_rounds {
  std::uint32_t first, second[3];

  sample_rounds(std::uint64_t sample, const draw_keys& keys) {
    const std::uint64_t q = std::uint64_t{philox_multipliers[1]} * static_cast<std::uint32_t>(sample);
    const std::uint32_t next = static_cast<std::uint32_t>(q >> 32) ^ keys.draw ^ keys.low[0];
    const std::uint64_t p = std::uint64_t{philox_multipliers[0]} * next;
    first = static_cast<std::uint32_t>(sample >> 32) ^ keys.high[0];
    second[0] = static_cast<std::uint32_t>(q) ^ keys.low[1];
    second[1] = static_cast<std::uint32_t>(p >> 32) ^ keys.high[1];
    second[2] = static_cast<std::uint32_t>(p);
  }
};

// The same for 16 counters. A kernel that wants the odd lanes in even places loads 16 from index 1 on; so there is one
// more, and a multiple of 4 that g++ -O2 fills with vector instructions.
inline constexpr std::size_t padded_lanes = 20;

struct sample_lanes {
  std::uint32_t first[padded_lanes], second[3][padded_lanes];

  void set(std::size_t lane, const sample_rounds& of, std::size_t count = 1) {
    std::fill_n(first + lane, count, of.first);
    for (std::size_t word = 0; word < 3; ++word) std::fill_n(second[word] + lane, count, of.second[word]);
  }
};

// Counter l is (block[l] + first_block, draw, sample of lane l); its normal w becomes z[16 * w + l].
struct counter_group {
  const std::uint32_t* block;  // 16, and one more that may be read
  const sample_lanes* samples;
  std::uint32_t first_block;
  float* z;
};

// 31 bits of `radius` make u in (0, 1] and r = sqrt(-2 ln u), so |z| <= 6.66. Of `angle`, bit 31 is the sign of both
// normals, bit 30 swaps them, and 30 bits are an angle in [-pi/4, pi/4). Relative error below 3e-7. Every operation
// that rounds is a product, a difference, a square root or an explicit fma, so the bits depend neither on the
// instruction set nor on contraction.
inline constexpr std::uint32_t log_split = 0x3f400000u;    // 0.75f: u = 2^e (1 + f) with 1 + f in [0.75, 1.5)
inline constexpr float log_of_exponent = -1.38629436112f;  // -2 ln 2
inline constexpr float log_series[] = {-0.108265074524f, 0.241347371969f,  -0.299678250056f,  // -2 ln(1 + f) / f
                                       0.336456211455f,  -0.399541551344f, 0.499868847034f,
                                       -0.66667097097f,  1.00000121296f,   -2.0f};
inline constexpr float sine_series[] = {-3.59504519756e-5f, 0.00249000102366f, -0.0807454325291f,  // sin(pi/4 t) / t
                                        0.785398160854f};
inline constexpr float cosine_series[] = {-0.00031888050528f, 0.0158499152528f, -0.308424253561f,  // cos(pi/4 t)
                                          0.999999972423f};

}  // namespace noisefall::kernels
