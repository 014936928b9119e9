// What the kernel of a pass executes over one stretch of elements: rows of terms, all of them found.
#pragma once

#include <cstddef>

#include <noisefall/tensor/pass.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall::kernels {

// weights[lane] * array. Where the weight is 0 the array is not read.
template <class T>
struct pass_term {
  const void* from;  // of T, or of 16-bit numbers that are widened as they are read
  const T* weights;
  storage stored;
};

// The sum of the terms in order, then of value_weights[lane] * value. `to` may be null for the value. Terms beyond
// `count` are not initialised.
template <class T>
struct pass_row {
  std::size_t count = 0;
  const T* value_weights = nullptr;  // null: the value does not enter
  T* to = nullptr;
  pass_term<T> terms[pass_weights::terms];
};

// output = sum(output row), where the value = clamp(sum(value row)) / divisor. Either row may be absent. Lanes follow
// each other in memory; pointers are those of element 0. Every array may be one that is written: a block of elements is
// read before it is written.
template <class T>
struct pass_program {
  std::size_t lanes = 1, lane_size = 0;            // elements with the same weights
  bool has_zeros = false;                          // a weight is 0 in some lanes, not in all
  const T *limits = nullptr, *divisors = nullptr;  // null: none; else one per lane
  const pass_row<T>*value = nullptr, *output = nullptr;
};

}  // namespace noisefall::kernels
