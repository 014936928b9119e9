// The exact quantile of absolute values without a copy of them: radix selection on the bits.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace noisefall::kernels {

// The k-th and the (k+1)-th smallest (counted from 0; the last one twice) of |x[0]| .. |x[n-1]|. The bits of absolute
// values are ordered like the values, NaN last. Reads x 5 (float) or 9 (double) times.
template <class T>
class order_statistics {
 public:
  using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

  order_statistics(const T* x, std::size_t n, std::size_t k) {
    constexpr int value_bits = std::numeric_limits<bits>::digits - 1, digit_bits = 8;
    bits prefix = 0;
    int undecided = value_bits;
    std::size_t rank = k, equal = n;
    while (undecided > 0) {
      const int width = std::min(digit_bits, undecided), above = undecided;
      undecided -= width;
      std::array<std::size_t, std::size_t{1} << digit_bits> histogram{};
      const bits mask = (bits{1} << width) - 1;
      for (std::size_t i = 0; i < n; ++i) {
        const bits key = key_of(x[i]);
        if (key >> above == prefix) ++histogram[key >> undecided & mask];
      }
      bits digit = 0;
      for (; rank >= histogram[digit]; ++digit) rank -= histogram[digit];
      equal = histogram[digit];
      prefix = prefix << width | digit;
    }
    lower_ = std::bit_cast<T>(prefix);
    bits next = std::bit_cast<bits>(std::numeric_limits<T>::infinity()) << 1;
    for (std::size_t i = 0; i < n; ++i) {
      const bits key = key_of(x[i]);
      largest_ = std::max(largest_, key);
      if (key > prefix) next = std::min(next, key);
    }
    upper_ = rank + 1 < equal || k + 1 >= n ? lower_ : std::bit_cast<T>(next);
  }

  T lower() const { return lower_; }
  T upper() const { return upper_; }
  bool has_nan() const { return largest_ > std::bit_cast<bits>(std::numeric_limits<T>::infinity()); }

 private:
  static bits key_of(T value) { return std::bit_cast<bits>(value) & (std::numeric_limits<bits>::max() >> 1); }

  T lower_, upper_;
  bits largest_ = 0;
};

// The p-quantile of |x|, interpolated between the neighbours of position p * (n - 1); NaN if any element is.
template <class T>
double absolute_quantile(const T* x, std::size_t n, double p) {
  if (n == 0) return 0;
  const double position = std::clamp(p, 0.0, 1.0) * static_cast<double>(n - 1), floor = std::floor(position);
  const order_statistics<T> found{x, n, static_cast<std::size_t>(floor)};
  if (found.has_nan()) return std::numeric_limits<double>::quiet_NaN();
  const double lower = static_cast<double>(found.lower()), upper = static_cast<double>(found.upper());
  return lower == upper ? lower : std::fma(upper - lower, position - floor, lower);
}

}  // namespace noisefall::kernels
