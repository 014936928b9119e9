// A vector of at most N elements that never allocates.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <initializer_list>

namespace noisefall {

// Elements beyond size() are default-constructed ones. More than N is a mistake of the caller's (asserted).
template <class T, std::size_t N>
class inline_vector {
 public:
  constexpr inline_vector() = default;
  constexpr inline_vector(std::initializer_list<T> items) {
    for (const T& item : items) push_back(item);
  }

  static constexpr std::size_t capacity() { return N; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr void clear() { size_ = 0; }
  constexpr T& push_back(const T& item) {
    assert(size_ < N);
    return items_[size_++] = item;
  }

  constexpr T& operator[](std::size_t i) { return items_[i]; }
  constexpr const T& operator[](std::size_t i) const { return items_[i]; }
  constexpr T& back() { return items_[size_ - 1]; }
  constexpr const T& back() const { return items_[size_ - 1]; }
  constexpr T* begin() { return items_.data(); }
  constexpr T* end() { return items_.data() + size_; }
  constexpr const T* begin() const { return items_.data(); }
  constexpr const T* end() const { return items_.data() + size_; }

 private:
  std::array<T, N> items_{};
  std::size_t size_ = 0;
};

}  // namespace noisefall
