// The softmax of a column of numbers, which is what a mixture's posterior is.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <noisefall/core/instruction_set.hpp>

namespace noisefall::kernels {

// What a column is padded to, by numbers far below the largest.
inline constexpr std::size_t softmax_lanes = 16;

// z[k] becomes exp(z[k] - max z), to 1.2e-7 of itself in float and 3e-16 in double, and not less than 1e-38 or 1e-307;
// *sum their sum. n is a multiple of softmax_lanes. Reads z twice, writes it once.
struct exponentials {
#ifdef __GNUC__
  template <std::floating_point T>
  [[gnu::always_inline]] static inline void run(T* z, std::size_t n, T* sum) {
    using numbers = typename vectors<T>::numbers;
    using words = typename vectors<T>::words;
    using of = constants<T>;
    constexpr std::size_t lanes = 32 / sizeof(T);
    const numbers zero = {};
    numbers a, b, most = zero + z[0], most2 = most;
    for (std::size_t k = 0; k < n; k += 2 * lanes) {
      std::memcpy(&a, z + k, sizeof a);
      std::memcpy(&b, z + k + lanes, sizeof b);
      most = a > most ? a : most;
      most2 = b > most2 ? b : most2;
    }
    most = most2 > most ? most2 : most;
    T largest = most[0];
    for (std::size_t i = 1; i < lanes; ++i) largest = std::max(largest, most[i]);

    const numbers low = zero + of::lowest, top = zero + largest, whole = zero + of::whole;
    numbers total = zero;
    for (std::size_t k = 0; k < n; k += lanes) {
      std::memcpy(&a, z + k, sizeof a);
      a -= top;
      a = a < low ? low : a;
      // exp(a) = 2^p exp(r), |r| <= log(2) / 2
      const numbers t = a * of::log2_e + whole, p = t - whole, r = a - p * of::ln2_high - p * of::ln2_low;
      numbers e = zero + of::series[0];
#pragma GCC unroll 16
      for (std::size_t i = 1; i < sizeof of::series / sizeof(T); ++i) e = e * r + of::series[i];
      words bits, power;
      std::memcpy(&bits, &e, sizeof bits);
      std::memcpy(&power, &t, sizeof power);
      bits += power << of::mantissa;
      std::memcpy(&a, &bits, sizeof a);
      std::memcpy(z + k, &a, sizeof a);
      total += a;
    }
    *sum = 0;
    for (std::size_t i = 0; i < lanes; ++i) *sum += total[i];
  }

 private:
  template <class T>
  struct vectors;
  // `whole`, added to a number, leaves the nearest integer in its low bits. `series`: of exp(r), the highest power first;
  // of the least relative error in float, of Taylor in double.
  template <class T>
  struct constants;
#else
  template <std::floating_point T>
  static void run(T* z, std::size_t n, T* sum) {
    const T largest = *std::max_element(z, z + n);
    *sum = 0;
    for (std::size_t k = 0; k < n; ++k) *sum += z[k] = std::exp(z[k] - largest);
  }
#endif
};

#ifdef __GNUC__
template <>
struct exponentials::vectors<float> {
  using numbers = float __attribute__((vector_size(32)));
  using words = std::int32_t __attribute__((vector_size(32)));
};
template <>
struct exponentials::vectors<double> {
  using numbers = double __attribute__((vector_size(32)));
  using words = std::int64_t __attribute__((vector_size(32)));
};
template <>
struct exponentials::constants<float> {
  static constexpr float log2_e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f, lowest = -87,
                         whole = 12582912;
  static constexpr int mantissa = 23;
  static constexpr float series[] = {0.00138145398f, 0.00836874514f, 0.0416683908f, 0.166665204f, 0.499999934f, 1, 1};
};
template <>
struct exponentials::constants<double> {
  static constexpr double log2_e = 1.4426950408889634, ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33,
                          lowest = -708, whole = 6755399441055744;
  static constexpr int mantissa = 52;
  static constexpr double series[] = {
      1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
      1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       0.5,          1,           1};
};
#endif

}  // namespace noisefall::kernels
