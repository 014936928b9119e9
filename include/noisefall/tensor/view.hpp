// A batch in someone's memory: data and shape, row-major and contiguous within a sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include <noisefall/core/half.hpp>
#include <noisefall/tensor/shape.hpp>

namespace noisefall {

// How the elements of a read-only view lie in memory: as its own type, or as a network's 16-bit output.
enum class storage : std::uint8_t { native, half, bfloat16 };

// Non-owning. T may be const. Samples lie `sample_stride` elements apart, so that one half of a [B, 2C, H, W] network
// output is a view too; everywhere else the stride equals the sample size.
// A view of const float or double may also look at halves or bfloat16s: a network's output, which algebras widen as
// they read. Then only address() leads to elements: data(), sample(), elements() and [] are for native storage.
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
      refuse("view", std::to_string(elements.size()) + " elements for shape " + to_string(extents),
             std::to_string(extents.size()) + " elements");
  }
  constexpr operator basic_view<const T>() const requires(!std::is_const_v<T>) {
    return {data_, extents_, sample_stride_};
  }
  template <class Narrow>
  requires(std::is_same_v<T, const float> || std::is_same_v<T, const double>) &&
      (std::is_same_v<std::remove_const_t<Narrow>, half> || std::is_same_v<std::remove_const_t<Narrow>, bfloat16>)  //
      basic_view(const basic_view<Narrow>& narrow)  // NOLINT(google-explicit-constructor): the same batch
      : data_{reinterpret_cast<T*>(narrow.data())},
  extents_{narrow.extents()}, sample_stride_{narrow.sample_stride()},
  stored_{std::is_same_v<std::remove_const_t<Narrow>, half> ? storage::half : storage::bfloat16} {}

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

  constexpr storage stored() const { return stored_; }
  // Where an element of a sample lies, whatever its type.
  const void* address(std::size_t sample, std::size_t element) const {
    const std::size_t size = stored_ == storage::native ? sizeof(T) : sizeof(half);
    return reinterpret_cast<const char*>(data_) + (sample * sample_stride_ + element) * size;
  }
  // The samples from one on, and of each the elements from one on, as many as `extents` says.
  basic_view part(std::size_t first_sample, std::size_t first_element, const shape& extents) const {
    basic_view result = *this;
    result.data_ = reinterpret_cast<T*>(const_cast<void*>(address(first_sample, first_element)));
    result.extents_ = extents;
    return result;
  }

 private:
  T* data_ = nullptr;
  shape extents_;
  std::size_t sample_stride_ = 0;
  storage stored_ = storage::native;
};

template <class T>
using view = basic_view<const T>;
template <class T>
using mutable_view = basic_view<T>;

}  // namespace noisefall
