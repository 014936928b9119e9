// Products of arrays in fixed lanes on the widest vectors that the processor has.
#pragma once

#include <cstddef>

#include <noisefall/core/instruction_set.hpp>

namespace noisefall::kernels {

// Partial sums of a reduction: as many as make every instruction set add in the same order.
inline constexpr std::size_t gram_lanes = 32;

}  // namespace noisefall::kernels

#ifdef NOISEFALL_COMPILED_KERNELS  // they are in noisefall::kernels

namespace noisefall::kernels {

template <class T>
void lanes_of_products(instruction_set set, const T* a, const T* b, std::size_t n, T (*lanes)[gram_lanes]);

}  // namespace noisefall::kernels

#else

// NOLINTNEXTLINE(bugprone-macro-parentheses): the name of a file
#define NOISEFALL_KERNEL <noisefall/tensor/gram_kernel.inc>
#include <noisefall/core/every_instruction_set.inc>

namespace noisefall::kernels {

// n is a multiple of gram_lanes.
template <class T>
void lanes_of_products(instruction_set set, const T* a, const T* b, std::size_t n, T (*lanes)[gram_lanes]) {
  NOISEFALL_BY(set, lanes_of_products(a, b, n, lanes));
}

}  // namespace noisefall::kernels

#undef NOISEFALL_BY
#undef NOISEFALL_KERNEL

#endif
