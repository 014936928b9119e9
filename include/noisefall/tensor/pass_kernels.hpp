// Runs a pass program on the widest vectors that the processor has.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <noisefall/core/instruction_set.hpp>
#include <noisefall/core/vectors_avx2.hpp>
#include <noisefall/core/vectors_avx512.hpp>
#include <noisefall/core/vectors_neon.hpp>
#include <noisefall/core/vectors_plain.hpp>
#include <noisefall/tensor/pass_program.hpp>

#if defined(__x86_64__) && defined(__GNUC__)

namespace noisefall::kernels::avx512 {
inline constexpr std::size_t vectors_at_once = 8;
#define NOISEFALL_TARGET NOISEFALL_AVX512
#include <noisefall/tensor/pass_kernel.inc>
#undef NOISEFALL_TARGET
}  // namespace noisefall::kernels::avx512

namespace noisefall::kernels::avx2 {
inline constexpr std::size_t vectors_at_once = 4;
#define NOISEFALL_TARGET NOISEFALL_AVX2
#include <noisefall/tensor/pass_kernel.inc>
#undef NOISEFALL_TARGET
}  // namespace noisefall::kernels::avx2

#elif defined(__AARCH64EL__) && defined(__ARM_NEON)

namespace noisefall::kernels::neon {
inline constexpr std::size_t vectors_at_once = 8;
#define NOISEFALL_TARGET NOISEFALL_NEON
#include <noisefall/tensor/pass_kernel.inc>
#undef NOISEFALL_TARGET
}  // namespace noisefall::kernels::neon

#endif

namespace noisefall::kernels::plain {
inline constexpr std::size_t vectors_at_once = 4;
#define NOISEFALL_TARGET
#include <noisefall/tensor/pass_kernel.inc>
#undef NOISEFALL_TARGET
}  // namespace noisefall::kernels::plain

namespace noisefall::kernels {

template <class T>
std::size_t run_whole_vectors(instruction_set set, const pass_program<T>& program, std::size_t n) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (set == instruction_set::avx512) return avx512::run_whole_vectors(program, n);
  if (set == instruction_set::avx2) return avx2::run_whole_vectors(program, n);
#elif defined(__AARCH64EL__) && defined(__ARM_NEON)
  if (set == instruction_set::neon) return neon::run_whole_vectors(program, n);
#endif
  static_cast<void>(set);
  return plain::run_whole_vectors(program, n);
}

template <class T>
void spread(instruction_set set, const T* of_sample, std::size_t skipped, std::size_t d, std::size_t n, T* to) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (set == instruction_set::avx512) return avx512::spread(of_sample, skipped, d, n, to);
  if (set == instruction_set::avx2) return avx2::spread(of_sample, skipped, d, n, to);
#elif defined(__AARCH64EL__) && defined(__ARM_NEON)
  if (set == instruction_set::neon) return neon::spread(of_sample, skipped, d, n, to);
#endif
  static_cast<void>(set);
  plain::spread(of_sample, skipped, d, n, to);
}

// Elements [done, n), fewer than a vector: the same code on copies that are as long as one, filled up with the last.
template <class T>
[[gnu::noinline]] void run_rest(instruction_set set, pass_program<T> program, std::size_t done, std::size_t n) {
  constexpr std::size_t longest = 64 / sizeof(T);
  constexpr std::size_t arrays = 2 * (2 * (pass_weights::terms + pass_weights::inputs + 1) + 1);
  alignas(64) unsigned char copies[arrays][64];
  alignas(64) T written[2][longest];
  unsigned char* free = copies[0];
  const auto copy = [&](auto*& from) {
    if (from == nullptr) return;
    for (std::size_t i = 0; i < longest; ++i)
      std::memcpy(free + i * sizeof *from, from + std::min(done + i, n - 1), sizeof *from);
    from = reinterpret_cast<decltype(from + 0)>(free);
    free += sizeof copies[0];
  };
  const auto copy_row = [&](pass_row<T>& row, T* to) {
    for (std::size_t k = 0; k < row.natives; ++k) {
      copy(row.native[k].from);
      copy(row.native[k].weights);
    }
    for (std::size_t k = 0; k < row.narrows; ++k) {
      copy(row.narrow[k].from);
      copy(row.narrow[k].weights);
    }
    copy(row.starts);
    copy(row.value_weights);
    if (row.to != nullptr) row.to = to;
  };
  const pass_row<T>*value = program.value, *output = program.output;
  pass_row<T> own_value, own_output;
  if (value != nullptr) {
    own_value = *value;
    copy_row(own_value, written[0]);
    program.value = &own_value;
  }
  if (output != nullptr) {
    own_output = *output;
    copy_row(own_output, written[1]);
    program.output = &own_output;
  }
  copy(program.limits);
  copy(program.divisors);
  run_whole_vectors(set, program, longest);
  if (output != nullptr) std::copy_n(written[1], n - done, output->to + done);
  if (value != nullptr && value->to != nullptr) std::copy_n(written[0], n - done, value->to + done);
}

// Elements [0, n) of a program. The instruction set, which the processor must have, changes no bit among those that
// multiply and add in one rounding.
template <class T>
void run_program(instruction_set set, const pass_program<T>& program, std::size_t n) {
  const std::size_t done = run_whole_vectors(set, program, n);
  if (done < n) run_rest(set, program, done, n);
}

}  // namespace noisefall::kernels
