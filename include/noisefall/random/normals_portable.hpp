// The kernel of normals in plain C++, for every processor.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <noisefall/random/normals_common.hpp>

namespace noisefall::kernels::portable {

// a * b + c, rounded once, without the instruction: the product is exact in double, the sum is rounded to odd (its lost
// part decides the last bit), and so the conversion rounds as if it saw all bits. For what is no overflow and no NaN.
inline float emulated_fma(float a, float b, float c) {
  const double p = static_cast<double>(a) * static_cast<double>(b), q = static_cast<double>(c);
  const double sum = p + q, back = sum - p;
  const double lost = (p - (sum - back)) + (q - back);
  const auto bits = std::bit_cast<std::int64_t>(sum);
  const std::int64_t inexact = lost != 0;
  const std::int64_t too_far = (bits ^ std::bit_cast<std::int64_t>(lost)) < 0 ? inexact : 0;
  return static_cast<float>(std::bit_cast<double>((bits - too_far) | inexact));
}

// std::fma is a call into the C library where the compiler may not use the instruction. On x86-64 its flags decide
// that, but files compiled with different ones share this function; processors that have the instruction do not need it
// there.
inline float fma(float a, float b, float c) {
#if defined(__aarch64__) || (defined(__FP_FAST_FMAF) && !defined(__x86_64__))
  return std::fma(a, b, c);
#else
  return emulated_fma(a, b, c);
#endif
}

template <std::size_t Terms>
float polynomial(const float (&series)[Terms], float x) {
  float sum = series[0];
  for (std::size_t k = 1; k < Terms; ++k) sum = fma(sum, x, series[k]);
  return sum;
}

inline void box_muller(const std::uint32_t* radius, const std::uint32_t* angle, float* z0, float* z1) {
  constexpr std::size_t lanes = normal_lanes;
  float r[lanes], sine[lanes], cosine[lanes];
  for (std::size_t l = 0; l < lanes; ++l) {
    const float u = fma(static_cast<float>(static_cast<std::int32_t>(radius[l] >> 1)), 0x1p-31f, 0x1p-32f);
    const std::uint32_t b = std::bit_cast<std::uint32_t>(u) - log_split;
    const float e = static_cast<float>(static_cast<std::int32_t>(b) >> 23);
    const float f = std::bit_cast<float>((b & 0x7fffffu) + log_split) - 1.0f;
    r[l] = fma(e, log_of_exponent, f * polynomial(log_series, f));
  }
  for (std::size_t l = 0; l < lanes; ++l) r[l] = std::sqrt(r[l]);
  for (std::size_t l = 0; l < lanes; ++l) {
    const float t = static_cast<float>(static_cast<std::int32_t>(angle[l] << 2)) * 0x1p-31f, t2 = t * t;
    sine[l] = polynomial(sine_series, t2) * t;
    cosine[l] = polynomial(cosine_series, t2);
  }
  for (std::size_t l = 0; l < lanes; ++l) {
    const std::uint32_t s = std::bit_cast<std::uint32_t>(sine[l]), c = std::bit_cast<std::uint32_t>(cosine[l]);
    const std::uint32_t swapped = (s ^ c) & (0u - (angle[l] >> 30 & 1u));
    const float signed_r = std::bit_cast<float>(std::bit_cast<std::uint32_t>(r[l]) ^ (angle[l] & 0x80000000u));
    z0[l] = signed_r * std::bit_cast<float>(c ^ swapped);
    z1[l] = signed_r * std::bit_cast<float>(s ^ swapped);
  }
}

inline void normals_of_groups(const counter_group* groups, std::size_t count, const draw_keys& keys) {
  constexpr std::size_t lanes = normal_lanes;
  for (const counter_group* group = groups; group != groups + count; ++group) {
    std::uint32_t c0[lanes], c1[lanes], c2[lanes], c3[lanes];
    for (std::size_t l = 0; l < lanes; ++l) {
      const sample_lanes& of = *group->samples;
      const std::uint64_t p = std::uint64_t{philox_multipliers[0]} * (group->block[l] + group->first_block);
      const std::uint64_t q =
          std::uint64_t{philox_multipliers[1]} * (static_cast<std::uint32_t>(p >> 32) ^ of.first[l]);
      c0[l] = static_cast<std::uint32_t>(q >> 32) ^ of.second[0][l];
      c1[l] = static_cast<std::uint32_t>(q);
      c2[l] = static_cast<std::uint32_t>(p) ^ of.second[1][l];
      c3[l] = of.second[2][l];
    }
    for (int round = 2; round < philox_rounds; ++round) {
      for (std::size_t l = 0; l < lanes; ++l) {
        const std::uint64_t p = std::uint64_t{philox_multipliers[0]} * c0[l];
        const std::uint64_t q = std::uint64_t{philox_multipliers[1]} * c2[l];
        c0[l] = static_cast<std::uint32_t>(q >> 32) ^ c1[l] ^ keys.low[round];
        c1[l] = static_cast<std::uint32_t>(q);
        c2[l] = static_cast<std::uint32_t>(p >> 32) ^ c3[l] ^ keys.high[round];
        c3[l] = static_cast<std::uint32_t>(p);
      }
    }
    box_muller(c0, c1, group->z, group->z + lanes);
    box_muller(c2, c3, group->z + 2 * lanes, group->z + 3 * lanes);
  }
}

}  // namespace noisefall::kernels::portable
