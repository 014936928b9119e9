// Elements of a view in its own type: where they lie, or widened from 16 bits.
#pragma once

#include <cstddef>

#include <noisefall/core/half.hpp>
#include <noisefall/core/instruction_set.hpp>
#include <noisefall/tensor/pass_kernels.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall::kernels {

// Elements [at, at + n) of a sample; `buffer` holds n.
template <class T>
const T* native_elements(const view<T>& of, std::size_t sample, std::size_t at, std::size_t n, T* buffer) {
  if (of.stored() == storage::native) return of.sample(sample) + at;
  if (const void* from = of.address(sample, at); of.stored() == storage::half)
    widen(widest_instruction_set(), static_cast<const half*>(from), n, buffer);
  else
    widen(widest_instruction_set(), static_cast<const bfloat16*>(from), n, buffer);
  return buffer;
}

}  // namespace noisefall::kernels
