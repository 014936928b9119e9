// Vectors of AVX-512 (F, DQ, VL, BW) under the names that kernels use, whatever the compiler's flags are.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include <noisefall/core/half.hpp>

#define NOISEFALL_AVX512 gnu::target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,f16c")

namespace noisefall::kernels::avx512 {

using reals = __m512;
using doubles = __m512d;
using words = __m512i;
inline constexpr std::size_t lanes = 16;  // of 32 bits
template <class T>
inline constexpr std::size_t width = 64 / sizeof(T);
inline constexpr std::size_t sums_at_once = 8;  // vectors that a loop may sum up in registers

// g++ 12 warns about the unmasked forms (GCC bug 105593); the instructions are the same.
inline constexpr __mmask8 all_of_8 = 0xff;
inline constexpr __mmask16 all_of_16 = 0xffff;

[[NOISEFALL_AVX512, gnu::always_inline]] inline reals real(float a) { return _mm512_set1_ps(a); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline doubles real(double a) { return _mm512_set1_pd(a); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline words word(std::uint32_t a) {
  return _mm512_set1_epi32(static_cast<int>(a));
}

[[NOISEFALL_AVX512, gnu::always_inline]] inline words load(const std::uint32_t* from) {
  return _mm512_loadu_si512(from);
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals load(const float* from) { return _mm512_loadu_ps(from); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline doubles load(const double* from) { return _mm512_loadu_pd(from); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline void store(std::uint32_t* to, words a) { _mm512_storeu_si512(to, a); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline void store(float* to, reals a) { _mm512_storeu_ps(to, a); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline void store(double* to, doubles a) { _mm512_storeu_pd(to, a); }

// The first n elements, fewer than a vector has; the others are 0, and left alone.
template <class Mask>
[[NOISEFALL_AVX512, gnu::always_inline]] inline Mask first_of(std::size_t n) {
  return static_cast<Mask>((1u << n) - 1);
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals load(const float* from, std::size_t n) {
  return _mm512_maskz_loadu_ps(first_of<__mmask16>(n), from);
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline doubles load(const double* from, std::size_t n) {
  return _mm512_maskz_loadu_pd(first_of<__mmask8>(n), from);
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline void store(float* to, reals a, std::size_t n) {
  _mm512_mask_storeu_ps(to, first_of<__mmask16>(n), a);
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline void store(double* to, doubles a, std::size_t n) {
  _mm512_mask_storeu_pd(to, first_of<__mmask8>(n), a);
}

// As many halves as there are lanes of the type of the first argument, widened.
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals load_as(float, const half* from) {
  return _mm512_maskz_cvtph_ps(all_of_16, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals load_as(float, const bfloat16* from) {
  const words wide = _mm512_maskz_cvtepu16_epi32(all_of_16, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(all_of_16, wide, 16));
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline doubles load_as(double, const half* from) {
  return _mm512_maskz_cvtps_pd(all_of_8, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline doubles load_as(double, const bfloat16* from) {
  const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  return _mm512_maskz_cvtps_pd(all_of_8, _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16)));
}

[[NOISEFALL_AVX512, gnu::always_inline]] inline reals as_reals(words a) { return _mm512_castsi512_ps(a); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline words as_words(reals a) { return _mm512_castps_si512(a); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals to_reals(words a) {
  return _mm512_maskz_cvtepi32_ps(all_of_16, a);
}

[[NOISEFALL_AVX512, gnu::always_inline]] inline words add(words a, words b) { return _mm512_add_epi32(a, b); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals add(reals a, reals b) { return _mm512_add_ps(a, b); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline doubles add(doubles a, doubles b) { return _mm512_add_pd(a, b); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline words bit_and(words a, words b) { return _mm512_and_si512(a, b); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline words bit_xor(words a, words b) { return _mm512_xor_si512(a, b); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline words bit_xor(words a, words b, words c) {
  return _mm512_ternarylogic_epi32(a, b, c, 0x96);
}
template <int Bits>
[[NOISEFALL_AVX512, gnu::always_inline]] inline words left(words a) {
  return _mm512_maskz_slli_epi32(all_of_16, a, Bits);
}
template <int Bits>
[[NOISEFALL_AVX512, gnu::always_inline]] inline words right(words a) {
  return _mm512_maskz_srli_epi32(all_of_16, a, Bits);
}
template <int Bits>
[[NOISEFALL_AVX512, gnu::always_inline]] inline words signed_right(words a) {
  return _mm512_maskz_srai_epi32(all_of_16, a, Bits);
}

// Products of the even lanes; each has 64 bits, of which upper() and lower() give 32 in an even lane. interleave() puts
// the even lanes of parts[0] and parts[1] in turn.
inline constexpr std::size_t product_step = 2;
[[NOISEFALL_AVX512, gnu::always_inline]] inline words product(words a, words b) {
  return _mm512_maskz_mul_epu32(all_of_8, a, b);
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline words upper(words a) {
  return _mm512_maskz_srli_epi64(all_of_8, a, 32);
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline words lower(words a) { return a; }
[[NOISEFALL_AVX512, gnu::always_inline]] inline words interleave(const words* parts) {
  return as_words(_mm512_mask_moveldup_ps(as_reals(parts[0]), 0xAAAA, as_reals(parts[1])));
}

// fma(a, b, c) = a * b + c, rounded once.
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals fma(reals a, reals b, reals c) {
  return _mm512_fmadd_ps(a, b, c);
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline doubles fma(doubles a, doubles b, doubles c) {
  return _mm512_fmadd_pd(a, b, c);
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals multiply(reals a, reals b) { return _mm512_mul_ps(a, b); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals subtract(reals a, reals b) { return _mm512_sub_ps(a, b); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals divide(reals a, reals b) { return _mm512_div_ps(a, b); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline doubles divide(doubles a, doubles b) { return _mm512_div_pd(a, b); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals square_root(reals a) {
  return _mm512_maskz_sqrt_ps(all_of_16, a);
}

[[NOISEFALL_AVX512, gnu::always_inline]] inline reals negative(reals a) { return _mm512_xor_ps(a, real(-0.0f)); }
[[NOISEFALL_AVX512, gnu::always_inline]] inline doubles negative(doubles a) { return _mm512_xor_pd(a, real(-0.0)); }

// min(max(a, low), high); a NaN stays one.
[[NOISEFALL_AVX512, gnu::always_inline]] inline reals clamp(reals a, reals low, reals high) {
  return _mm512_maskz_min_ps(all_of_16, high, _mm512_maskz_max_ps(all_of_16, low, a));
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline doubles clamp(doubles a, doubles low, doubles high) {
  return _mm512_maskz_min_pd(all_of_8, high, _mm512_maskz_max_pd(all_of_8, low, a));
}

[[NOISEFALL_AVX512, gnu::always_inline]] inline reals with_sign_of(reals a, words sign) {  // a >= 0; bit 31 of sign
  return as_reals(_mm512_ternarylogic_epi32(as_words(a), sign, word(0x80000000u), 0x78));
}
[[NOISEFALL_AVX512, gnu::always_inline]] inline void swap_where_bit_30(words bits, reals& a, reals& b) {
  const __mmask16 where = _mm512_test_epi32_mask(bits, word(0x40000000u));
  const reals first = _mm512_mask_blend_ps(where, a, b);
  b = _mm512_mask_blend_ps(where, b, a);
  a = first;
}

}  // namespace noisefall::kernels::avx512

#endif
