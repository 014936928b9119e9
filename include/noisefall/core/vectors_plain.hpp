// Vectors under the names that kernels use, for every processor and compiler: of 128 bits where the compiler knows such
// types (SSE2 on x86-64), else of one number.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>

#include <noisefall/core/half.hpp>

namespace noisefall::kernels::plain {

inline constexpr std::size_t sums_at_once = 4;  // vectors that a loop may sum up in registers

#ifdef __GNUC__
using reals = float __attribute__((vector_size(16)));
using doubles = double __attribute__((vector_size(16)));
template <class T>
inline constexpr std::size_t width = 16 / sizeof(T);
inline reals real(float a) { return reals{a, a, a, a}; }
inline doubles real(double a) { return doubles{a, a}; }
#else
using reals = float;
using doubles = double;
template <class T>
inline constexpr std::size_t width = 1;
inline reals real(float a) { return a; }
inline doubles real(double a) { return a; }
#endif

template <class T>
auto load(const T* from) {
  decltype(real(T{})) a;
  std::memcpy(&a, from, sizeof a);
  return a;
}
template <class T, class Vector>
void store(T* to, const Vector& a) {
  std::memcpy(to, &a, sizeof a);
}
// The first n elements, fewer than a vector has; the others are 0, and left alone.
template <class T>
auto load(const T* from, std::size_t n) {
  T copy[width<T>] = {};
  for (std::size_t i = 0; i < n; ++i) copy[i] = from[i];
  return load(static_cast<const T*>(copy));
}
template <class T, class Vector>
void store(T* to, const Vector& a, std::size_t n) {
  T copy[width<T>];
  store(copy, a);
  for (std::size_t i = 0; i < n; ++i) to[i] = copy[i];
}
template <class T, class Narrow>
auto load_as(T, const Narrow* from) {
  T wide[width<T>];
  for (std::size_t i = 0; i < width<T>; ++i) wide[i] = static_cast<T>(static_cast<float>(from[i]));
  return load(static_cast<const T*>(wide));
}

template <class Vector>
Vector add(const Vector& a, const Vector& b) {
  return a + b;
}
// Two roundings: whatever has an instruction that rounds once does not come here.
template <class Vector>
Vector fma(const Vector& a, const Vector& b, const Vector& c) {
  return a * b + c;
}
template <class Vector>
Vector divide(const Vector& a, const Vector& b) {
  return a / b;
}
template <class Vector>
Vector negative(const Vector& a) {
  return -a;
}
// min(max(a, low), high); a NaN stays one.
template <class Vector>
Vector clamp(const Vector& a, const Vector& low, const Vector& high) {
  const Vector raised = a < low ? low : a;
  return raised > high ? high : raised;
}

}  // namespace noisefall::kernels::plain
