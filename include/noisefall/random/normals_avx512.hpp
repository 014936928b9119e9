// The kernel of normals for processors with AVX-512 (F, DQ, VL, BW), whatever the compiler's flags are.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <noisefall/random/normals_common.hpp>

#define NOISEFALL_TARGET gnu::target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")

namespace noisefall::kernels::avx512 {

using reals = __m512;
using words = __m512i;
inline constexpr std::size_t lanes = 16;
inline constexpr std::size_t at_once = 3;  // vectors of counters in flight: a Philox round is a chain of 7 cycles

// g++ 12 warns about the unmasked forms (GCC bug 105593); the instructions are the same.
inline constexpr __mmask8 all_of_8 = 0xff;
inline constexpr __mmask16 all_of_16 = 0xffff;

[[NOISEFALL_TARGET, gnu::always_inline]] inline reals real(float a) { return _mm512_set1_ps(a); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words word(std::uint32_t a) {
  return _mm512_set1_epi32(static_cast<int>(a));
}
[[NOISEFALL_TARGET, gnu::always_inline]] inline words load(const std::uint32_t* from) {
  return _mm512_loadu_si512(from);
}
[[NOISEFALL_TARGET, gnu::always_inline]] inline void store(float* to, reals a) { _mm512_storeu_ps(to, a); }

[[NOISEFALL_TARGET, gnu::always_inline]] inline reals as_reals(words a) { return _mm512_castsi512_ps(a); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words as_words(reals a) { return _mm512_castps_si512(a); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline reals to_reals(words a) {
  return _mm512_maskz_cvtepi32_ps(all_of_16, a);
}

[[NOISEFALL_TARGET, gnu::always_inline]] inline words add(words a, words b) { return _mm512_add_epi32(a, b); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words bit_and(words a, words b) { return _mm512_and_si512(a, b); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words bit_xor(words a, words b) { return _mm512_xor_si512(a, b); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words bit_xor(words a, words b, words c) {
  return _mm512_ternarylogic_epi32(a, b, c, 0x96);
}
template <int Bits>
[[NOISEFALL_TARGET, gnu::always_inline]] inline words left(words a) {
  return _mm512_maskz_slli_epi32(all_of_16, a, Bits);
}
template <int Bits>
[[NOISEFALL_TARGET, gnu::always_inline]] inline words right(words a) {
  return _mm512_maskz_srli_epi32(all_of_16, a, Bits);
}
template <int Bits>
[[NOISEFALL_TARGET, gnu::always_inline]] inline words signed_right(words a) {
  return _mm512_maskz_srai_epi32(all_of_16, a, Bits);
}

// Of the even lanes: the product with an even lane of b (64 bits), and of 64 bits the upper 32.
[[NOISEFALL_TARGET, gnu::always_inline]] inline words product(words a, words b) {
  return _mm512_maskz_mul_epu32(all_of_8, a, b);
}
[[NOISEFALL_TARGET, gnu::always_inline]] inline words upper(words a) {
  return _mm512_maskz_srli_epi64(all_of_8, a, 32);
}
[[NOISEFALL_TARGET, gnu::always_inline]] inline words interleave(words even, words odd) {
  return as_words(_mm512_mask_moveldup_ps(as_reals(even), 0xAAAA, as_reals(odd)));
}

[[NOISEFALL_TARGET, gnu::always_inline]] inline reals fma(reals a, reals b, reals c) {
  return _mm512_fmadd_ps(a, b, c);
}
[[NOISEFALL_TARGET, gnu::always_inline]] inline reals multiply(reals a, reals b) { return _mm512_mul_ps(a, b); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline reals subtract(reals a, reals b) { return _mm512_sub_ps(a, b); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline reals square_root(reals a) {
  return _mm512_maskz_sqrt_ps(all_of_16, a);
}
[[NOISEFALL_TARGET, gnu::always_inline]] inline reals with_sign_of(reals a, words sign) {  // a >= 0; bit 31 of sign
  return as_reals(_mm512_ternarylogic_epi32(as_words(a), sign, word(0x80000000u), 0x78));
}
[[NOISEFALL_TARGET, gnu::always_inline]] inline void swap_where_bit_30(words bits, reals& a, reals& b) {
  const __mmask16 where = _mm512_test_epi32_mask(bits, word(0x40000000u));
  const reals first = _mm512_mask_blend_ps(where, a, b);
  b = _mm512_mask_blend_ps(where, b, a);
  a = first;
}

#include <noisefall/random/normals_kernel.inc>

}  // namespace noisefall::kernels::avx512

#undef NOISEFALL_TARGET

#endif
