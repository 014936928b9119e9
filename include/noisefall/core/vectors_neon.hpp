// Vectors of AArch64's Advanced SIMD (NEON) under the names that kernels use.
#pragma once

#if defined(__AARCH64EL__) && defined(__ARM_NEON)

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <noisefall/core/half.hpp>

#define NOISEFALL_NEON  // every AArch64 processor has it: nothing to ask the compiler for

namespace noisefall::kernels::neon {

using reals = float32x4_t;
using doubles = float64x2_t;
using words = uint32x4_t;
inline constexpr std::size_t lanes = 4;  // of 32 bits
template <class T>
inline constexpr std::size_t width = 16 / sizeof(T);
inline constexpr std::size_t sums_at_once = 8;  // vectors that a loop may sum up in registers

[[gnu::always_inline]] inline reals real(float a) { return vdupq_n_f32(a); }
[[gnu::always_inline]] inline doubles real(double a) { return vdupq_n_f64(a); }
[[gnu::always_inline]] inline words word(std::uint32_t a) { return vdupq_n_u32(a); }

[[gnu::always_inline]] inline words load(const std::uint32_t* from) { return vld1q_u32(from); }
[[gnu::always_inline]] inline reals load(const float* from) { return vld1q_f32(from); }
[[gnu::always_inline]] inline doubles load(const double* from) { return vld1q_f64(from); }
[[gnu::always_inline]] inline void store(std::uint32_t* to, words a) { vst1q_u32(to, a); }
[[gnu::always_inline]] inline void store(float* to, reals a) { vst1q_f32(to, a); }
[[gnu::always_inline]] inline void store(double* to, doubles a) { vst1q_f64(to, a); }

// The first n elements, fewer than a vector has; the others are 0, and left alone.
template <class T>
[[gnu::always_inline]] inline auto load(const T* from, std::size_t n) {
  T copy[width<T>] = {};
  for (std::size_t i = 0; i < n; ++i) copy[i] = from[i];
  return load(static_cast<const T*>(copy));
}
template <class T, class Vector>
[[gnu::always_inline]] inline void store(T* to, Vector a, std::size_t n) {
  T copy[width<T>];
  store(copy, a);
  for (std::size_t i = 0; i < n; ++i) to[i] = copy[i];
}

// As many halves as there are lanes of the type of the first argument, widened.
template <std::size_t Count, class Half>
[[gnu::always_inline]] inline uint16x4_t load_halves(const Half* from) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, from, Count * sizeof(Half));
  return vcreate_u16(bits);
}
[[gnu::always_inline]] inline reals load_as(float, const half* from) {
  return vcvt_f32_f16(vreinterpret_f16_u16(load_halves<4>(from)));
}
[[gnu::always_inline]] inline reals load_as(float, const bfloat16* from) {
  return vreinterpretq_f32_u32(vshll_n_u16(load_halves<4>(from), 16));
}
[[gnu::always_inline]] inline doubles load_as(double, const half* from) {
  return vcvt_f64_f32(vget_low_f32(vcvt_f32_f16(vreinterpret_f16_u16(load_halves<2>(from)))));
}
[[gnu::always_inline]] inline doubles load_as(double, const bfloat16* from) {
  return vcvt_f64_f32(vget_low_f32(vreinterpretq_f32_u32(vshll_n_u16(load_halves<2>(from), 16))));
}

[[gnu::always_inline]] inline reals as_reals(words a) { return vreinterpretq_f32_u32(a); }
[[gnu::always_inline]] inline words as_words(reals a) { return vreinterpretq_u32_f32(a); }
[[gnu::always_inline]] inline reals to_reals(words a) { return vcvtq_f32_s32(vreinterpretq_s32_u32(a)); }

[[gnu::always_inline]] inline words add(words a, words b) { return vaddq_u32(a, b); }
[[gnu::always_inline]] inline reals add(reals a, reals b) { return vaddq_f32(a, b); }
[[gnu::always_inline]] inline doubles add(doubles a, doubles b) { return vaddq_f64(a, b); }
[[gnu::always_inline]] inline words bit_and(words a, words b) { return vandq_u32(a, b); }
[[gnu::always_inline]] inline words bit_xor(words a, words b) { return veorq_u32(a, b); }
[[gnu::always_inline]] inline words bit_xor(words a, words b, words c) { return veorq_u32(veorq_u32(a, b), c); }
template <int Bits>
[[gnu::always_inline]] inline words left(words a) {
  return vshlq_n_u32(a, Bits);
}
template <int Bits>
[[gnu::always_inline]] inline words right(words a) {
  return vshrq_n_u32(a, Bits);
}
template <int Bits>
[[gnu::always_inline]] inline words signed_right(words a) {
  return vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_u32(a), Bits));
}

// Products of all lanes; each has 64 bits, of which upper() and lower() give 32. No lane is left out, so interleave()
// has one part.
inline constexpr std::size_t product_step = 1;
struct products {
  words first, second;  // of lanes 0 and 1, of lanes 2 and 3
};
[[gnu::always_inline]] inline products product(words a, words b) {
  return {vreinterpretq_u32_u64(vmull_u32(vget_low_u32(a), vget_low_u32(b))),
          vreinterpretq_u32_u64(vmull_high_u32(a, b))};
}
[[gnu::always_inline]] inline words upper(products a) { return vuzp2q_u32(a.first, a.second); }
[[gnu::always_inline]] inline words lower(products a) { return vuzp1q_u32(a.first, a.second); }
[[gnu::always_inline]] inline words interleave(const words* parts) { return parts[0]; }

// fma(a, b, c) = a * b + c, rounded once.
[[gnu::always_inline]] inline reals fma(reals a, reals b, reals c) { return vfmaq_f32(c, a, b); }
[[gnu::always_inline]] inline doubles fma(doubles a, doubles b, doubles c) { return vfmaq_f64(c, a, b); }
[[gnu::always_inline]] inline reals multiply(reals a, reals b) { return vmulq_f32(a, b); }
[[gnu::always_inline]] inline reals subtract(reals a, reals b) { return vsubq_f32(a, b); }
[[gnu::always_inline]] inline reals divide(reals a, reals b) { return vdivq_f32(a, b); }
[[gnu::always_inline]] inline doubles divide(doubles a, doubles b) { return vdivq_f64(a, b); }
[[gnu::always_inline]] inline reals square_root(reals a) { return vsqrtq_f32(a); }

[[gnu::always_inline]] inline reals negative(reals a) { return vnegq_f32(a); }
[[gnu::always_inline]] inline doubles negative(doubles a) { return vnegq_f64(a); }

// min(max(a, low), high); a NaN stays one.
[[gnu::always_inline]] inline reals clamp(reals a, reals low, reals high) { return vminq_f32(vmaxq_f32(a, low), high); }
[[gnu::always_inline]] inline doubles clamp(doubles a, doubles low, doubles high) {
  return vminq_f64(vmaxq_f64(a, low), high);
}

[[gnu::always_inline]] inline reals with_sign_of(reals a, words sign) {  // a >= 0; bit 31 of sign
  return as_reals(veorq_u32(as_words(a), vandq_u32(sign, word(0x80000000u))));
}
[[gnu::always_inline]] inline void swap_where_bit_30(words bits, reals& a, reals& b) {
  const words where = vtstq_u32(bits, word(0x40000000u));
  const reals first = vbslq_f32(where, b, a);
  b = vbslq_f32(where, a, b);
  a = first;
}

}  // namespace noisefall::kernels::neon

#endif
