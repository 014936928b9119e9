// Whether all elements of an array are numbers: neither infinite nor NaN.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <noisefall/core/instruction_set.hpp>
#include <noisefall/tensor/native_elements.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall::kernels {

// *all = no x[i] is infinite or NaN. Asks the bits, because -ffinite-math-only lets compilers assume the answer: with
// all bits set the exponent carries into the sign's place.
struct finite {
  template <class T>
  [[gnu::always_inline]] static inline void run(const T* x, std::size_t n, bool* all) {
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr bits exponent = std::bit_cast<bits>(std::numeric_limits<T>::infinity());
    constexpr bits unit = bits{1} << (std::numeric_limits<T>::digits - 1), carry = exponent + unit;
    bits met = 0;
#ifdef __clang__  // vectorises the plain loop only
    const std::size_t whole = 0;
#else
    constexpr std::size_t width = 64 / sizeof(T);  // with more lanes, g++ -O2 keeps them in memory
    const std::size_t whole = n - n % width;
    bits lanes[width] = {};
    for (std::size_t at = 0; at < whole; at += width)
      for (std::size_t i = 0; i < width; ++i) lanes[i] |= (std::bit_cast<bits>(x[at + i]) & exponent) + unit;
    for (const bits lane : lanes) met |= lane;
#endif
    for (std::size_t i = whole; i < n; ++i) met |= (std::bit_cast<bits>(x[i]) & exponent) + unit;
    *all = (met & carry) == 0;
  }
};

// Reads x once, and not much beyond the first element that is no number.
template <class T>
bool all_finite(const view<T>& x) {
  constexpr std::size_t chunk = 4096;
  T widened[chunk];
  bool all = true;
  for (std::size_t sample = 0; all && sample < x.samples(); ++sample)
    for (std::size_t at = 0; all && at < x.sample_size(); at += chunk) {
      const std::size_t n = std::min(chunk, x.sample_size() - at);
      run_widest<finite>(native_elements(x, sample, at, n, widened), n, &all);
    }
  return all;
}

}  // namespace noisefall::kernels
