// Runs a pass program on the widest vectors that the processor has.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <noisefall/core/instruction_set.hpp>
#include <noisefall/tensor/pass_program.hpp>

#ifdef NOISEFALL_COMPILED_KERNELS  // they are in noisefall::kernels

namespace noisefall::kernels {

template <class T>
std::size_t run_whole_vectors(instruction_set set, const pass_program<T>& program, std::size_t n);
template <class T>
void spread(instruction_set set, const T* of_sample, std::size_t skipped, std::size_t d, std::size_t n, T* to);
template <class T, class Narrow>
void widen(instruction_set set, const Narrow* from, std::size_t n, T* to);

}  // namespace noisefall::kernels

#else

// NOLINTNEXTLINE(bugprone-macro-parentheses): the name of a file
#define NOISEFALL_KERNEL <noisefall/tensor/pass_kernel.inc>
#include <noisefall/core/every_instruction_set.inc>

namespace noisefall::kernels {

template <class T>
std::size_t run_whole_vectors(instruction_set set, const pass_program<T>& program, std::size_t n) {
  return NOISEFALL_BY(set, run_whole_vectors(program, n));
}
template <class T>
void spread(instruction_set set, const T* of_sample, std::size_t skipped, std::size_t d, std::size_t n, T* to) {
  NOISEFALL_BY(set, spread(of_sample, skipped, d, n, to));
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

namespace noisefall::kernels {

// Elements [done, n), fewer than a vector: the same code on copies that are as long as one, filled up with the last.
template <class T>
[[gnu::noinline]] void run_rest(instruction_set set, pass_program<T> program, std::size_t done, std::size_t n) {
  constexpr std::size_t longest = 64 / sizeof(T);
  alignas(64) unsigned char arrays[2 * pass_weights::terms][64];
  alignas(64) T copies[2 * (pass_weights::terms + 3)][longest], written[2][longest];
  unsigned char* free_bytes = arrays[0];
  T(*free)[longest] = copies;
  const auto copy = [&](const T*& from) {
    if (from == nullptr) return;
    for (std::size_t i = 0; i < longest; ++i) (*free)[i] = from[std::min(done + i, n - 1)];
    from = *free++;
  };
  pass_row<T> rows[2];
  const pass_row<T>** const theirs[] = {&program.value, &program.output};
  T* destinations[2] = {};
  for (std::size_t r = 0; r < 2; ++r) {
    if (*theirs[r] == nullptr) continue;
    pass_row<T>& row = rows[r];
    row = **theirs[r];
    *theirs[r] = &row;
    for (std::size_t k = 0; k < row.count; ++k) {
      pass_term<T>& term = row.terms[k];
      const std::size_t size = term.stored == storage::native ? sizeof(T) : sizeof(half);
      for (std::size_t i = 0; i < longest; ++i)
        std::memcpy(free_bytes + i * size, static_cast<const char*>(term.from) + std::min(done + i, n - 1) * size,
                    size);
      term.from = free_bytes;
      free_bytes += sizeof *free;
      copy(term.weights);
    }
    copy(row.starts);
    copy(row.value_weights);
    destinations[r] = row.to;
    if (row.to != nullptr) row.to = written[r];
  }
  copy(program.limits);
  copy(program.divisors);
  run_whole_vectors(set, program, longest);
  for (std::size_t r = 0; r < 2; ++r)
    if (destinations[r] != nullptr) std::copy_n(written[r], n - done, destinations[r] + done);
}

// Elements [0, n) of a program. The instruction set, which the processor must have, changes no bit among those that
// multiply and add in one rounding.
template <class T>
void run_program(instruction_set set, const pass_program<T>& program, std::size_t n) {
  const std::size_t done = run_whole_vectors(set, program, n);
  if (done < n) run_rest(set, program, done, n);
}

}  // namespace noisefall::kernels
