// The measure of a machine's bandwidth: out = a + b / 2, in the widest vectors that it has, whatever the flags are.
#pragma once

#include <cstddef>

#include <noisefall/core/instruction_set.hpp>

namespace bench {

inline constexpr std::size_t triad_bytes = 3 * sizeof(float);  // moved per element: two read, one written

#if defined(__GNUC__)

template <std::size_t Lanes>
struct floats {
  typedef float vector __attribute__((vector_size(Lanes * sizeof(float)), aligned(sizeof(float)), may_alias));
};

// Four vectors a trip; n is a multiple of 64.
template <std::size_t Lanes>
[[gnu::always_inline]] inline void triad_by_vectors(const float* a, const float* b, float* out, std::size_t n) {
  using vector = typename floats<Lanes>::vector;
  for (std::size_t i = 0; i < n; i += 4 * Lanes)
#pragma GCC unroll 4
    for (std::size_t k = i; k < i + 4 * Lanes; k += Lanes)
      *reinterpret_cast<vector*>(out + k) =
          *reinterpret_cast<const vector*>(a + k) + 0.5f * *reinterpret_cast<const vector*>(b + k);
}

#ifdef __x86_64__
[[gnu::target("avx512f"), gnu::noinline]] inline void triad_by_avx512(const float* a, const float* b, float* out,
                                                                      std::size_t n) {
  triad_by_vectors<16>(a, b, out, n);
}
[[gnu::target("avx2"), gnu::noinline]] inline void triad_by_avx2(const float* a, const float* b, float* out,
                                                                 std::size_t n) {
  triad_by_vectors<8>(a, b, out, n);
}
#endif

#endif

inline void triad(const float* a, const float* b, float* out, std::size_t n) {
#if defined(__GNUC__)
#ifdef __x86_64__
  using noisefall::kernels::instruction_set;
  if (noisefall::kernels::has(instruction_set::avx512)) return triad_by_avx512(a, b, out, n);
  if (noisefall::kernels::has(instruction_set::avx2)) return triad_by_avx2(a, b, out, n);
#endif
  triad_by_vectors<4>(a, b, out, n);
#else
  for (std::size_t i = 0; i < n; ++i) out[i] = a[i] + 0.5f * b[i];
#endif
}

}  // namespace bench
