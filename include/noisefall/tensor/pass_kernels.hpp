// Runs a pass program on the widest vectors that the processor has.
#pragma once

#include <cstddef>

#include <noisefall/core/instruction_set.hpp>
#include <noisefall/tensor/pass_program.hpp>

#ifdef NOISEFALL_COMPILED_KERNELS  // they are in noisefall::kernels

namespace noisefall::kernels {

template <class T>
void run_program(instruction_set set, const pass_program<T>& program);
template <class T, class Narrow>
void widen(instruction_set set, const Narrow* from, std::size_t n, T* to);

}  // namespace noisefall::kernels

#else

// NOLINTNEXTLINE(bugprone-macro-parentheses): the name of a file
#define NOISEFALL_KERNEL <noisefall/tensor/pass_kernel.inc>
#include <noisefall/core/every_instruction_set.inc>

namespace noisefall::kernels {

// The instruction set, which the processor must have, changes no bit among those that multiply and add in one rounding.
template <class T>
void run_program(instruction_set set, const pass_program<T>& program) {
  NOISEFALL_BY(set, run_program(program));
}
// Halves or bfloat16s as numbers of T.
template <class T, class Narrow>
void widen(instruction_set set, const Narrow* from, std::size_t n, T* to) {
  const std::size_t done = NOISEFALL_BY(set, widen(from, n, to));
  for (std::size_t i = done; i < n; ++i) to[i] = static_cast<T>(static_cast<float>(from[i]));
}

#undef NOISEFALL_BY
#undef NOISEFALL_KERNEL

}  // namespace noisefall::kernels

#endif
