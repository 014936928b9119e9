// The exact quantile of absolute values without a copy of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <noisefall/core/instruction_set.hpp>
#include <noisefall/tensor/quantile_common.hpp>

#ifndef NOISEFALL_COMPILED_KERNELS
#include <noisefall/tensor/quantile_selection.hpp>
#endif

namespace noisefall::kernels {

#ifdef NOISEFALL_COMPILED_KERNELS  // it is in noisefall::kernels
template <class T>
neighbours<T> select(instruction_set set, const T* x, std::size_t n, std::size_t k);
#endif

// The p-quantile of |x|, interpolated between the neighbours of position p * (n - 1); NaN if any element is.
template <class T>
double absolute_quantile_by(instruction_set set, const T* x, std::size_t n, double p) {
  if (n == 0) return 0;
  const double position = std::clamp(p, 0.0, 1.0) * static_cast<double>(n - 1), floor = std::floor(position);
  const neighbours<T> found = select(set, x, n, static_cast<std::size_t>(floor));
  const double lower = static_cast<double>(found.lower), upper = static_cast<double>(found.upper);
  return lower == upper || position == floor ? lower : std::fma(upper - lower, position - floor, lower);
}
template <class T>
double absolute_quantile(const T* x, std::size_t n, double p) {
  return absolute_quantile_by(widest_instruction_set(), x, n, p);
}

}  // namespace noisefall::kernels
