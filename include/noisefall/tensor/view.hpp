// A batch in someone's memory: data and shape, row-major and contiguous within a sample.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <type_traits>

#include <noisefall/tensor/shape.hpp>

namespace noisefall {

// Non-owning. T may be const. Samples lie `sample_stride` elements apart, so that one half of a [B, 2C, H, W] network
// output is a view too; everywhere else the stride equals the sample size.
template <class T>
class basic_view {
 public:
  using value_type = std::remove_const_t<T>;

  constexpr basic_view() = default;
  constexpr basic_view(T* data, const shape& extents) : basic_view{data, extents, extents.sample_size()} {}
  constexpr basic_view(T* data, const shape& extents, std::size_t sample_stride)
      : data_{data}, extents_{extents}, sample_stride_{sample_stride} {}
  constexpr basic_view(std::span<T> elements, const shape& extents) : basic_view{elements.data(), extents} {
    if (elements.size() != extents.size())
      throw error{"view", std::to_string(elements.size()) + " elements for shape " + to_string(extents),
                  std::to_string(extents.size()) + " elements"};
  }
  constexpr operator basic_view<const T>() const requires(!std::is_const_v<T>) {
    return {data_, extents_, sample_stride_};
  }

  constexpr T* data() const { return data_; }
  constexpr T* sample(std::size_t i) const { return data_ + i * sample_stride_; }
  constexpr const shape& extents() const { return extents_; }
  constexpr std::size_t samples() const { return extents_.samples(); }
  constexpr std::size_t sample_size() const { return extents_.sample_size(); }
  constexpr std::size_t sample_stride() const { return sample_stride_; }
  constexpr std::size_t size() const { return extents_.size(); }
  constexpr bool contiguous() const { return sample_stride_ == extents_.sample_size(); }
  constexpr std::span<T> elements() const { return {data_, size()}; }  // meaningful when contiguous()
  constexpr T& operator[](std::size_t i) const { return data_[i]; }

 private:
  T* data_ = nullptr;
  shape extents_;
  std::size_t sample_stride_ = 0;
};

template <class T>
using view = basic_view<const T>;
template <class T>
using mutable_view = basic_view<T>;

}  // namespace noisefall
