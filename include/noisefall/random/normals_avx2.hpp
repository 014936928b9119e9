// The kernel of normals for processors with AVX2 and FMA, whatever the compiler's flags are.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <noisefall/random/normals_common.hpp>

#define NOISEFALL_TARGET gnu::target("avx2,fma")

namespace noisefall::kernels::avx2 {

using reals = __m256;
using words = __m256i;
inline constexpr std::size_t lanes = 8;
inline constexpr std::size_t at_once = 2;  // vectors of counters in flight: more do not fit into 16 registers

[[NOISEFALL_TARGET, gnu::always_inline]] inline reals real(float a) { return _mm256_set1_ps(a); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words word(std::uint32_t a) {
  return _mm256_set1_epi32(static_cast<int>(a));
}
[[NOISEFALL_TARGET, gnu::always_inline]] inline words load(const std::uint32_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
[[NOISEFALL_TARGET, gnu::always_inline]] inline void store(float* to, reals a) { _mm256_storeu_ps(to, a); }

[[NOISEFALL_TARGET, gnu::always_inline]] inline reals as_reals(words a) { return _mm256_castsi256_ps(a); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words as_words(reals a) { return _mm256_castps_si256(a); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline reals to_reals(words a) { return _mm256_cvtepi32_ps(a); }

[[NOISEFALL_TARGET, gnu::always_inline]] inline words add(words a, words b) { return _mm256_add_epi32(a, b); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words bit_and(words a, words b) { return _mm256_and_si256(a, b); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words bit_xor(words a, words b) { return _mm256_xor_si256(a, b); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words bit_xor(words a, words b, words c) {
  return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}
template <int Bits>
[[NOISEFALL_TARGET, gnu::always_inline]] inline words left(words a) {
  return _mm256_slli_epi32(a, Bits);
}
template <int Bits>
[[NOISEFALL_TARGET, gnu::always_inline]] inline words right(words a) {
  return _mm256_srli_epi32(a, Bits);
}
template <int Bits>
[[NOISEFALL_TARGET, gnu::always_inline]] inline words signed_right(words a) {
  return _mm256_srai_epi32(a, Bits);
}

// Of the even lanes: the product with an even lane of b (64 bits), and of 64 bits the upper 32.
[[NOISEFALL_TARGET, gnu::always_inline]] inline words product(words a, words b) { return _mm256_mul_epu32(a, b); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words upper(words a) { return _mm256_srli_epi64(a, 32); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline words interleave(words even, words odd) {
  return _mm256_blend_epi32(even, as_words(_mm256_moveldup_ps(as_reals(odd))), 0xAA);
}

[[NOISEFALL_TARGET, gnu::always_inline]] inline reals fma(reals a, reals b, reals c) {
  return _mm256_fmadd_ps(a, b, c);
}
[[NOISEFALL_TARGET, gnu::always_inline]] inline reals multiply(reals a, reals b) { return _mm256_mul_ps(a, b); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline reals subtract(reals a, reals b) { return _mm256_sub_ps(a, b); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline reals square_root(reals a) { return _mm256_sqrt_ps(a); }
[[NOISEFALL_TARGET, gnu::always_inline]] inline reals with_sign_of(reals a, words sign) {  // a >= 0; bit 31 of sign
  return as_reals(_mm256_xor_si256(as_words(a), _mm256_and_si256(sign, word(0x80000000u))));
}
[[NOISEFALL_TARGET, gnu::always_inline]] inline void swap_where_bit_30(words bits, reals& a, reals& b) {
  const reals where = as_reals(left<1>(bits));
  const reals first = _mm256_blendv_ps(a, b, where);
  b = _mm256_blendv_ps(b, a, where);
  a = first;
}

#include <noisefall/random/normals_kernel.inc>

}  // namespace noisefall::kernels::avx2

#undef NOISEFALL_TARGET

#endif
