// Products of arrays in fixed lanes on the widest vectors that the processor has.
#pragma once

#include <cstddef>

#include <noisefall/core/instruction_set.hpp>

namespace noisefall::kernels {

// Partial sums of a reduction: as many as make every instruction set add in the same order.
inline constexpr std::size_t gram_lanes = 32;

#ifdef NOISEFALL_COMPILED_KERNELS  // they are in noisefall::kernels
template <class T>
void lanes_of_products(instruction_set set, const T* a, const T* b, std::size_t n, T (*lanes)[gram_lanes]);
#endif

}  // namespace noisefall::kernels

#ifndef NOISEFALL_COMPILED_KERNELS

#include <noisefall/core/vectors_avx2.hpp>
#include <noisefall/core/vectors_avx512.hpp>
#include <noisefall/core/vectors_neon.hpp>
#include <noisefall/core/vectors_plain.hpp>

#if defined(__x86_64__) && defined(__GNUC__)

namespace noisefall::kernels::avx512 {
#define NOISEFALL_TARGET NOISEFALL_AVX512
#include <noisefall/tensor/gram_kernel.inc>
#undef NOISEFALL_TARGET
}  // namespace noisefall::kernels::avx512

namespace noisefall::kernels::avx2 {
#define NOISEFALL_TARGET NOISEFALL_AVX2
#include <noisefall/tensor/gram_kernel.inc>
#undef NOISEFALL_TARGET
}  // namespace noisefall::kernels::avx2

#elif defined(__AARCH64EL__) && defined(__ARM_NEON)

namespace noisefall::kernels::neon {
#define NOISEFALL_TARGET NOISEFALL_NEON
#include <noisefall/tensor/gram_kernel.inc>
#undef NOISEFALL_TARGET
}  // namespace noisefall::kernels::neon

#endif

namespace noisefall::kernels::plain {
#define NOISEFALL_TARGET
#include <noisefall/tensor/gram_kernel.inc>
#undef NOISEFALL_TARGET
}  // namespace noisefall::kernels::plain

namespace noisefall::kernels {

// n is a multiple of gram_lanes.
template <class T>
void lanes_of_products(instruction_set set, const T* a, const T* b, std::size_t n, T (*lanes)[gram_lanes]) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (set == instruction_set::avx512) return avx512::lanes_of_products(a, b, n, lanes);
  if (set == instruction_set::avx2) return avx2::lanes_of_products(a, b, n, lanes);
#elif defined(__AARCH64EL__) && defined(__ARM_NEON)
  if (set == instruction_set::neon) return neon::lanes_of_products(a, b, n, lanes);
#endif
  static_cast<void>(set);
  plain::lanes_of_products(a, b, n, lanes);
}

}  // namespace noisefall::kernels

#endif
