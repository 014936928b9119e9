// Elements of a view in its own type: where they lie, or widened from 16 bits.
#pragma once

#include <cstddef>

#include <noisefall/core/half.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall::kernels {

// Elements [at, at + n) of a sample; `buffer` holds n.
template <class T>
const T* native_elements(const view<T>& of, std::size_t sample, std::size_t at, std::size_t n, T* buffer) {
  const auto widen = [&](const auto* from) {
    for (std::size_t i = 0; i < n; ++i) buffer[i] = static_cast<T>(static_cast<float>(from[i]));
    return static_cast<const T*>(buffer);
  };
  switch (of.stored()) {
    case storage::half:
      return widen(static_cast<const half*>(of.address(sample, at)));
    case storage::bfloat16:
      return widen(static_cast<const bfloat16*>(of.address(sample, at)));
    case storage::native:
      break;
  }
  return of.sample(sample) + at;
}

}  // namespace noisefall::kernels
