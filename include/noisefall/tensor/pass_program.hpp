// What the kernel of a pass executes over one stretch of elements: rows of terms, all of them found and none zero.
#pragma once

#include <cstddef>
#include <limits>

#include <noisefall/tensor/pass.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall::kernels {

// weight * array, or, in a program with a weight per element, weights[e] * array[e] where weights[e] is not 0.
template <class T>
struct pass_term {
  const void* from;  // of T, or of 16-bit numbers that are widened as they are read
  const T* weights;
  T weight;
  storage stored;
};

// The sum of the terms in order, then of value_weight * value. `to` may be null for the value. Terms beyond `count` are
// not initialised. With a weight per element, starts[e] is -0 where the element has terms and 0 where it has none;
// null: all have.
template <class T>
struct pass_row {
  std::size_t count = 0;
  bool has_value = false;
  T value_weight = 0;
  T* to = nullptr;
  const T *starts = nullptr, *value_weights = nullptr;
  pass_term<T> terms[pass_weights::terms];

  bool empty() const { return count == 0 && !has_value; }
};

// output = sum(output row), where the value = clamp(sum(value row)) / divisor. Either row may be absent. Pointers are
// those of element 0. Every array may be one that is written: a block of elements is read before it is written.
template <class T>
struct pass_program {
  bool weight_per_element = false, clamps = false, divides = false;
  T limit = std::numeric_limits<T>::infinity(), divisor = 1;
  const T *limits = nullptr, *divisors = nullptr;  // with a weight per element
  const pass_row<T>*value = nullptr, *output = nullptr;
};

}  // namespace noisefall::kernels
