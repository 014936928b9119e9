// "Vectors" of one number under the names that kernels use: plain C++, for every processor and compiler.
#pragma once

#include <cmath>
#include <cstddef>

#include <noisefall/core/half.hpp>

namespace noisefall::kernels::plain {

using reals = float;
using doubles = double;
inline constexpr std::size_t lanes = 1;  // of 32 bits
template <class T>
inline constexpr std::size_t width = 1;

template <class T>
T real(T a) {
  return a;
}
template <class T>
T load(const T* from) {
  return *from;
}
template <class T>
void store(T* to, T a) {
  *to = a;
}
template <class T, class Narrow>
T load_as(T, const Narrow* from) {
  return static_cast<T>(static_cast<float>(*from));
}

template <class T>
T add(T a, T b) {
  return a + b;
}
// Rounded once where every processor of the target has the instruction. On x86-64 those that have it do not come here,
// and files compiled with different flags share this function.
template <class T>
T fma(T a, T b, T c) {
#if defined(__aarch64__) || (defined(__FP_FAST_FMA) && !defined(__x86_64__))
  return std::fma(a, b, c);
#else
  return a * b + c;
#endif
}
template <class T>
T divide(T a, T b) {
  return a / b;
}
template <class T>
T negative(T a) {
  return -a;
}
// min(max(a, low), high); a NaN stays one.
template <class T>
T clamp(T a, T low, T high) {
  const T raised = a < low ? low : a;
  return raised > high ? high : raised;
}
template <class T>
T where_not_zero(T w, T a, T b) {
  return w != 0 ? a : b;
}

}  // namespace noisefall::kernels::plain
