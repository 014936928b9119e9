// Vectors of AVX2 with FMA and F16C under the names that kernels use, whatever the compiler's flags are.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include <noisefall/core/half.hpp>

#define NOISEFALL_AVX2 gnu::target("avx2,fma,f16c")

namespace noisefall::kernels::avx2 {

using reals = __m256;
using doubles = __m256d;
using words = __m256i;
inline constexpr std::size_t lanes = 8;  // of 32 bits
template <class T>
inline constexpr std::size_t width = 32 / sizeof(T);
inline constexpr std::size_t sums_at_once = 4;  // vectors that a loop may sum up in registers

[[NOISEFALL_AVX2, gnu::always_inline]] inline reals real(float a) { return _mm256_set1_ps(a); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline doubles real(double a) { return _mm256_set1_pd(a); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline words word(std::uint32_t a) {
  return _mm256_set1_epi32(static_cast<int>(a));
}

[[NOISEFALL_AVX2, gnu::always_inline]] inline words load(const std::uint32_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals load(const float* from) { return _mm256_loadu_ps(from); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline doubles load(const double* from) { return _mm256_loadu_pd(from); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline void store(std::uint32_t* to, words a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), a);
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline void store(float* to, reals a) { _mm256_storeu_ps(to, a); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline void store(double* to, doubles a) { _mm256_storeu_pd(to, a); }

// The first n elements, fewer than a vector has; the others are 0, and left alone.
inline constexpr std::int32_t first_floats[15] = {-1, -1, -1, -1, -1, -1, -1};
inline constexpr std::int64_t first_doubles[7] = {-1, -1, -1};
[[NOISEFALL_AVX2, gnu::always_inline]] inline words first_of(float, std::size_t n) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first_floats + 7 - n));
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline words first_of(double, std::size_t n) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first_doubles + 3 - n));
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals load(const float* from, std::size_t n) {
  return _mm256_maskload_ps(from, first_of(0.0f, n));
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline doubles load(const double* from, std::size_t n) {
  return _mm256_maskload_pd(from, first_of(0.0, n));
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline void store(float* to, reals a, std::size_t n) {
  _mm256_maskstore_ps(to, first_of(0.0f, n), a);
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline void store(double* to, doubles a, std::size_t n) {
  _mm256_maskstore_pd(to, first_of(0.0, n), a);
}

// As many halves as there are lanes of the type of the first argument, widened.
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals load_as(float, const half* from) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals load_as(float, const bfloat16* from) {
  const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline doubles load_as(double, const half* from) {
  return _mm256_cvtps_pd(_mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline doubles load_as(double, const bfloat16* from) {
  const __m128i wide = _mm_cvtepu16_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
  return _mm256_cvtps_pd(_mm_castsi128_ps(_mm_slli_epi32(wide, 16)));
}

[[NOISEFALL_AVX2, gnu::always_inline]] inline reals as_reals(words a) { return _mm256_castsi256_ps(a); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline words as_words(reals a) { return _mm256_castps_si256(a); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals to_reals(words a) { return _mm256_cvtepi32_ps(a); }

[[NOISEFALL_AVX2, gnu::always_inline]] inline words add(words a, words b) { return _mm256_add_epi32(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals add(reals a, reals b) { return _mm256_add_ps(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline doubles add(doubles a, doubles b) { return _mm256_add_pd(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline words bit_and(words a, words b) { return _mm256_and_si256(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline words bit_xor(words a, words b) { return _mm256_xor_si256(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline words bit_xor(words a, words b, words c) {
  return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}
template <int Bits>
[[NOISEFALL_AVX2, gnu::always_inline]] inline words left(words a) {
  return _mm256_slli_epi32(a, Bits);
}
template <int Bits>
[[NOISEFALL_AVX2, gnu::always_inline]] inline words right(words a) {
  return _mm256_srli_epi32(a, Bits);
}
template <int Bits>
[[NOISEFALL_AVX2, gnu::always_inline]] inline words signed_right(words a) {
  return _mm256_srai_epi32(a, Bits);
}

[[NOISEFALL_AVX2, gnu::always_inline]] inline words subtract(words a, words b) { return _mm256_sub_epi32(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline words unsigned_min(words a, words b) { return _mm256_min_epu32(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline words unsigned_max(words a, words b) { return _mm256_max_epu32(a, b); }
// One bit per lane: a > b as signed numbers.
[[NOISEFALL_AVX2, gnu::always_inline]] inline unsigned greater(words a, words b) {
  return static_cast<unsigned>(_mm256_movemask_ps(as_reals(_mm256_cmpgt_epi32(a, b))));
}
// Byte k of entry m: the number of the k-th bit that is set in m.
inline constexpr std::array<std::uint64_t, 256> set_bits = [] {
  std::array<std::uint64_t, 256> table{};
  for (unsigned m = 0; m < 256; ++m)
    for (unsigned bit = 8; bit-- > 0;)
      if ((m >> bit & 1u) != 0) table[m] = table[m] << 8 | bit;
  return table;
}();
// Writes the lanes whose bit is set, one after the other, and then anything up to a full vector.
[[NOISEFALL_AVX2, gnu::always_inline]] inline void store_packed(std::uint32_t* to, words a, unsigned which) {
  const __m128i from = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(&set_bits[which]));
  store(to, _mm256_permutevar8x32_epi32(a, _mm256_cvtepu8_epi32(from)));
}

// Products of the even lanes; each has 64 bits, of which upper() and lower() give 32 in an even lane. interleave() puts
// the even lanes of parts[0] and parts[1] in turn.
inline constexpr std::size_t product_step = 2;
[[NOISEFALL_AVX2, gnu::always_inline]] inline words product(words a, words b) { return _mm256_mul_epu32(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline words upper(words a) { return _mm256_srli_epi64(a, 32); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline words lower(words a) { return a; }
[[NOISEFALL_AVX2, gnu::always_inline]] inline words interleave(const words* parts) {
  return _mm256_blend_epi32(parts[0], as_words(_mm256_moveldup_ps(as_reals(parts[1]))), 0xAA);
}

// fma(a, b, c) = a * b + c, rounded once.
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals fma(reals a, reals b, reals c) { return _mm256_fmadd_ps(a, b, c); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline doubles fma(doubles a, doubles b, doubles c) {
  return _mm256_fmadd_pd(a, b, c);
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals multiply(reals a, reals b) { return _mm256_mul_ps(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals subtract(reals a, reals b) { return _mm256_sub_ps(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals divide(reals a, reals b) { return _mm256_div_ps(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline doubles divide(doubles a, doubles b) { return _mm256_div_pd(a, b); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals square_root(reals a) { return _mm256_sqrt_ps(a); }

[[NOISEFALL_AVX2, gnu::always_inline]] inline reals negative(reals a) { return _mm256_xor_ps(a, real(-0.0f)); }
[[NOISEFALL_AVX2, gnu::always_inline]] inline doubles negative(doubles a) { return _mm256_xor_pd(a, real(-0.0)); }

// min(max(a, low), high); a NaN stays one.
[[NOISEFALL_AVX2, gnu::always_inline]] inline reals clamp(reals a, reals low, reals high) {
  return _mm256_min_ps(high, _mm256_max_ps(low, a));
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline doubles clamp(doubles a, doubles low, doubles high) {
  return _mm256_min_pd(high, _mm256_max_pd(low, a));
}

[[NOISEFALL_AVX2, gnu::always_inline]] inline reals with_sign_of(reals a, words sign) {  // a >= 0; bit 31 of sign
  return as_reals(_mm256_xor_si256(as_words(a), _mm256_and_si256(sign, word(0x80000000u))));
}
[[NOISEFALL_AVX2, gnu::always_inline]] inline void swap_where_bit_30(words bits, reals& a, reals& b) {
  const reals where = as_reals(left<1>(bits));
  const reals first = _mm256_blendv_ps(a, b, where);
  b = _mm256_blendv_ps(b, a, where);
  a = first;
}

}  // namespace noisefall::kernels::avx2

#endif
