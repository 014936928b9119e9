// Samples to be measured: rows of doubles, whatever they are stored as.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/half.hpp>
#include <noisefall/tensor/tensor.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// A batch [n, ...] of samples, or of their features: sample i is row i, flattened. Non-owning. Stands for views and
// tensors of float, double, half and bfloat16, so that metrics are compiled once and sets of two types can be compared.
class sample_rows {
 public:
  template <class T>
  requires(std::is_same_v<std::remove_const_t<T>, float> || std::is_same_v<std::remove_const_t<T>, double> ||
           std::is_same_v<std::remove_const_t<T>, half> || std::is_same_v<std::remove_const_t<T>, bfloat16>)
      sample_rows(const basic_view<T>& x)  // NOLINT(google-explicit-constructor): the same samples
      : data_{x.data()},
        count_{x.samples()},
        size_{x.sample_size()},
        stride_{x.sample_stride()},
        stored_{element_of<std::remove_const_t<T>>} {
    if (x.stored() == storage::half) stored_ = element::half;
    if (x.stored() == storage::bfloat16) stored_ = element::bfloat16;
  }
  template <class T>
  sample_rows(const tensor<T>& x)  // NOLINT(google-explicit-constructor)
      : sample_rows{view<T>{x}} {}

  std::size_t count() const { return count_; }
  std::size_t size() const { return size_; }

  // Rows [first, first + n) to to[n][size()].
  void read(std::size_t first, std::size_t n, double* to) const {
    for (std::size_t i = first; i < first + n; ++i, to += size_) switch (stored_) {
        case element::float32:
          widen<float>(i, to);
          break;
        case element::float64:
          widen<double>(i, to);
          break;
        case element::half:
          widen<half>(i, to);
          break;
        case element::bfloat16:
          widen<bfloat16>(i, to);
          break;
      }
  }

  // Throws unless there are `least` samples or more, of one element or more, and every element is finite.
  void check(const char* where, std::size_t least) const {
    require(count_ >= least, where, {count_, count_ == 1 ? " sample" : " samples"}, {least, " or more"});
    require(size_ > 0, where, "samples without elements", "one element or more");
    std::vector<double> row(size_);
    for (std::size_t i = 0; i < count_; ++i) {
      read(i, 1, row.data());
      for (std::size_t e = 0; e < size_; ++e)
        require(std::isfinite(row[e]), where, {"sample ", i, " has the element ", row[e]}, "finite elements");
    }
  }
  // Throws unless both are as check() says and have samples of one size.
  friend void check_pair(const char* where, const sample_rows& x, const sample_rows& y, std::size_t least) {
    require(x.size_ == y.size_, where, {"samples of ", x.size_, " and of ", y.size_, " elements"},
            "samples of one size");
    x.check(where, least);
    y.check(where, least);
  }

 private:
  enum class element : std::uint8_t { float32, float64, half, bfloat16 };
  template <class T>
  static constexpr element element_of = std::is_same_v<T, float>    ? element::float32
                                        : std::is_same_v<T, double> ? element::float64
                                        : std::is_same_v<T, half>   ? element::half
                                                                    : element::bfloat16;

  template <class T>
  void widen(std::size_t i, double* to) const {
    const T* from = static_cast<const T*>(data_) + i * stride_;
    for (std::size_t e = 0; e < size_; ++e) {
      if constexpr (std::is_floating_point_v<T>)
        to[e] = static_cast<double>(from[e]);
      else
        to[e] = static_cast<double>(static_cast<float>(from[e]));
    }
  }

  const void* data_;
  std::size_t count_, size_, stride_;
  element stored_;
};

// The mean of the rows, of which there must be one or more.
inline std::vector<double> mean_of(const sample_rows& x) {
  std::vector<double> mean(x.size()), row(x.size());
  for (std::size_t i = 0; i < x.count(); ++i) {
    x.read(i, 1, row.data());
    for (std::size_t e = 0; e < x.size(); ++e) mean[e] += row[e];
  }
  for (double& m : mean) m /= static_cast<double>(x.count());
  return mean;
}

}  // namespace noisefall
