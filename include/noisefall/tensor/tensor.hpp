// The owning container of a batch, for users who have none of their own.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <noisefall/tensor/view.hpp>

namespace noisefall {

// tensor<float> image({1, 4, 64, 64}); elements start at zero.
template <class T>
class tensor {
 public:
  using value_type = T;

  tensor() = default;
  explicit tensor(const shape& extents) : elements_(extents.size()), extents_{extents} {}

  const shape& extents() const { return extents_; }
  std::size_t size() const { return elements_.size(); }
  T* data() { return elements_.data(); }
  const T* data() const { return elements_.data(); }
  T& operator[](std::size_t i) { return elements_[i]; }
  const T& operator[](std::size_t i) const { return elements_[i]; }
  std::span<T> elements() { return elements_; }
  std::span<const T> elements() const { return elements_; }

  operator mutable_view<T>() { return {elements_.data(), extents_}; }  // NOLINT(google-explicit-constructor)
  operator view<T>() const { return {elements_.data(), extents_}; }    // NOLINT(google-explicit-constructor)

 private:
  std::vector<T> elements_;
  shape extents_;
};

}  // namespace noisefall
