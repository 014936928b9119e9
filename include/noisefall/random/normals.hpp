// Standard normals as a pure function of (seed, draw, sample, element): Philox words through Box-Muller, version 1.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/core/instruction_set.hpp>
#include <noisefall/random/philox.hpp>

#ifdef __FAST_MATH__
#error "noisefall: -ffast-math replaces square roots by estimates, which differ between machines; compile without it"
#endif

namespace noisefall {

// The mapping from (seed, draw, sample, element) to bits. It changes only together with this number.
//   key     = (seed low, seed high)
//   counter = (block, draw, sample low, sample high)
//   samples of 64 elements or more: element e is word (e % 64) / 16 of block 16 * (e / 64) + e % 16
//   smaller samples:                element e is word e % 4 of block e / 4
//   words 0 and 1 of a counter make its normals 0 and 1, words 2 and 3 its normals 2 and 3
inline constexpr std::uint32_t noise_mapping_version = 1;

// Which normals: sample 0 of the batch is sample `first_sample` of the stream.
struct normal_stream {
  std::uint64_t seed = 0;
  std::uint32_t draw = 0;
  std::uint64_t first_sample = 0;
  std::size_t sample_size = 0;
};

namespace kernels {

inline constexpr std::size_t normal_lanes = 16;
inline constexpr std::size_t normal_block = 4 * normal_lanes;  // normals of 16 counters

struct counter_lanes {
  std::uint32_t block[normal_lanes], draw, sample_low[normal_lanes], sample_high[normal_lanes];
};

// z[16 * word + lane]. Every operation that rounds is a product, a difference, a square root or an explicit fma, so the
// bits depend neither on the instruction set nor on contraction.
struct normals_of_counters {
  template <bool Fused>
  [[gnu::always_inline]] static inline void run(const counter_lanes* counters, philox_key key, float* z) {
    constexpr std::size_t lanes = normal_lanes;
    std::uint32_t c0[lanes], c1[lanes], c2[lanes], c3[lanes];
    for (std::size_t l = 0; l < lanes; ++l) c0[l] = counters->block[l];
    for (std::size_t l = 0; l < lanes; ++l) c1[l] = counters->draw;
    for (std::size_t l = 0; l < lanes; ++l) c2[l] = counters->sample_low[l];
    for (std::size_t l = 0; l < lanes; ++l) c3[l] = counters->sample_high[l];
    for (int round = 0; round < philox_rounds; ++round) {
      for (std::size_t l = 0; l < lanes; ++l) {
        const std::uint64_t p = std::uint64_t{philox_multipliers[0]} * c0[l];
        const std::uint64_t q = std::uint64_t{philox_multipliers[1]} * c2[l];
        c0[l] = static_cast<std::uint32_t>(q >> 32) ^ c1[l] ^ key.low;
        c1[l] = static_cast<std::uint32_t>(q);
        c2[l] = static_cast<std::uint32_t>(p >> 32) ^ c3[l] ^ key.high;
        c3[l] = static_cast<std::uint32_t>(p);
      }
      key.low += philox_weyl[0];
      key.high += philox_weyl[1];
    }
    box_muller(c0, c1, z, z + lanes);
    box_muller(c2, c3, z + 2 * lanes, z + 3 * lanes);
  }

  // 31 bits of `radius` make u in (0, 1] and r = sqrt(-2 ln u), so |z| <= 6.66. Of `angle`, bit 31 is the sign of both
  // normals, bit 30 swaps them, and 30 bits are an angle in [-pi/4, pi/4). Relative error below 3e-7.
  [[gnu::always_inline]] static inline void box_muller(const std::uint32_t* radius, const std::uint32_t* angle,
                                                       float* z0, float* z1) {
    constexpr std::size_t lanes = normal_lanes;
    constexpr std::uint32_t split = 0x3f400000u;  // 0.75f: u = 2^e (1 + f) with 1 + f in [0.75, 1.5)
    float r[lanes], sine[lanes], cosine[lanes];
    for (std::size_t l = 0; l < lanes; ++l) {
      const float u = std::fma(static_cast<float>(static_cast<std::int32_t>(radius[l] >> 1)), 0x1p-31f, 0x1p-32f);
      const std::uint32_t b = std::bit_cast<std::uint32_t>(u) - split;
      const float e = static_cast<float>(static_cast<std::int32_t>(b) >> 23);
      const float f = std::bit_cast<float>((b & 0x7fffffu) + split) - 1.0f;
      float q = -0.108265074524f;  // -2 ln(1 + f) / f
      q = std::fma(q, f, 0.241347371969f);
      q = std::fma(q, f, -0.299678250056f);
      q = std::fma(q, f, 0.336456211455f);
      q = std::fma(q, f, -0.399541551344f);
      q = std::fma(q, f, 0.499868847034f);
      q = std::fma(q, f, -0.66667097097f);
      q = std::fma(q, f, 1.00000121296f);
      q = std::fma(q, f, -2.0f);
      r[l] = std::fma(e, -1.38629436112f, f * q);
    }
    for (std::size_t l = 0; l < lanes; ++l) r[l] = std::sqrt(r[l]);
    for (std::size_t l = 0; l < lanes; ++l) {
      const float t = static_cast<float>(static_cast<std::int32_t>(angle[l] << 2)) * 0x1p-31f;
      const float t2 = t * t;
      float s = -3.59504519756e-5f;  // sin(pi/4 t) / t
      s = std::fma(s, t2, 0.00249000102366f);
      s = std::fma(s, t2, -0.0807454325291f);
      s = std::fma(s, t2, 0.785398160854f);
      sine[l] = s * t;
      float c = -0.00031888050528f;  // cos(pi/4 t)
      c = std::fma(c, t2, 0.0158499152528f);
      c = std::fma(c, t2, -0.308424253561f);
      cosine[l] = std::fma(c, t2, 0.999999972423f);
    }
    for (std::size_t l = 0; l < lanes; ++l) {
      const std::uint32_t s = std::bit_cast<std::uint32_t>(sine[l]), c = std::bit_cast<std::uint32_t>(cosine[l]);
      const std::uint32_t swapped = (s ^ c) & (0u - (angle[l] >> 30 & 1u));
      const float signed_r = std::bit_cast<float>(std::bit_cast<std::uint32_t>(r[l]) ^ (angle[l] & 0x80000000u));
      z0[l] = signed_r * std::bit_cast<float>(c ^ swapped);
      z1[l] = signed_r * std::bit_cast<float>(s ^ swapped);
    }
  }
};

}  // namespace kernels

// Writes elements [begin, end) of the batch, counted row-major over samples of stream.sample_size elements, to
// out[0 .. end - begin). Doubles are the same normals, widened. No allocation.
template <std::floating_point T>
void normals(const normal_stream& stream, std::size_t begin, std::size_t end, T* out) {
  using namespace kernels;
  constexpr std::size_t words = 4;
  const std::size_t d = stream.sample_size;
  if (std::uint64_t{d} > std::uint64_t{1} << 34)
    throw error{"noise", "a sample of " + std::to_string(d) + " elements", "up to 2^34 elements"};
  const philox_key key{static_cast<std::uint32_t>(stream.seed), static_cast<std::uint32_t>(stream.seed >> 32)};
  counter_lanes counters;
  counters.draw = stream.draw;
  const auto set_counter = [&](std::size_t lane, std::size_t block, std::size_t in_batch) {
    const std::uint64_t sample = stream.first_sample + in_batch;
    counters.block[lane] = static_cast<std::uint32_t>(block);
    counters.sample_low[lane] = static_cast<std::uint32_t>(sample);
    counters.sample_high[lane] = static_cast<std::uint32_t>(sample >> 32);
  };
  float z[normal_block];
  if (d >= normal_block) {
    for (std::size_t at = begin; at < end;) {
      const std::size_t sample = at / d, element = at % d, skipped = element % normal_block;
      const std::size_t count = std::min({normal_block - skipped, d - element, end - at});
      for (std::size_t l = 0; l < normal_lanes; ++l)
        set_counter(l, normal_lanes * (element / normal_block) + l, sample);
      run_widest<normals_of_counters>(&counters, key, z);
      std::copy(z + skipped, z + skipped + count, out + (at - begin));
      at += count;
    }
    return;
  }
  for (std::size_t at = begin; at < end;) {
    // One lane per counter, so that the lanes run over blocks and samples.
    std::size_t first_word[normal_lanes], count[normal_lanes], used = 0, next = at;
    for (; used < normal_lanes && next < end; next += count[used++]) {
      const std::size_t element = next % d;
      set_counter(used, element / words, next / d);
      first_word[used] = element % words;
      count[used] = std::min({words - first_word[used], d - element, end - next});
    }
    for (std::size_t l = used; l < normal_lanes; ++l) set_counter(l, 0, 0);
    run_widest<normals_of_counters>(&counters, key, z);
    for (std::size_t l = 0; l < used; at += count[l++])
      for (std::size_t i = 0; i < count[l]; ++i) out[at - begin + i] = z[normal_lanes * (first_word[l] + i) + l];
  }
}

}  // namespace noisefall
