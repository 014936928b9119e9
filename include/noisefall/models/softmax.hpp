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

// z[k] becomes exp(z[k] - max z) to 1.2e-7 of itself, 1e-38 where it is less; *sum their sum. n is a multiple of
// softmax_lanes. Reads z twice, writes it once.
struct exponentials {
#ifdef __GNUC__
  [[gnu::always_inline]] static inline void run(float* z, std::size_t n, float* sum) {
    using reals = float __attribute__((vector_size(32)));
    using words = std::int32_t __attribute__((vector_size(32)));
    constexpr std::size_t lanes = 8;
    constexpr float log2_e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f, lowest = -87.0f;
    constexpr float whole = 12582912.0f;  // added to a number, it leaves the nearest integer in the low bits
    const reals zero = {};
    reals a, b, most = zero + z[0], most2 = most;
    for (std::size_t k = 0; k < n; k += 2 * lanes) {
      std::memcpy(&a, z + k, sizeof a);
      std::memcpy(&b, z + k + lanes, sizeof b);
      most = a > most ? a : most;
      most2 = b > most2 ? b : most2;
    }
    most = most2 > most ? most2 : most;
    float largest = most[0];
    for (std::size_t i = 1; i < lanes; ++i) largest = std::max(largest, most[i]);

    const reals low = zero + lowest, top = zero + largest, magic = zero + whole;
    reals total = zero;
    for (std::size_t k = 0; k < n; k += lanes) {
      std::memcpy(&a, z + k, sizeof a);
      a -= top;
      a = a < low ? low : a;
      const reals t = a * log2_e + magic, power = t - magic, r = a - power * ln2_high - power * ln2_low;
      // exp(r) = 1 + r + r^2 q(r) on |r| <= log(2) / 2, q of the least relative error
      const reals q =
          (((0.00138145398f * r + 0.00836874514f) * r + 0.0416683908f) * r + 0.166665204f) * r + 0.499999934f;
      const reals e = (q * r * r + r) + 1.0f;
      words bits, exponent;
      std::memcpy(&bits, &e, sizeof bits);
      std::memcpy(&exponent, &t, sizeof exponent);
      bits += exponent << 23;
      std::memcpy(&a, &bits, sizeof a);
      std::memcpy(z + k, &a, sizeof a);
      total += a;
    }
    *sum = 0;
    for (std::size_t i = 0; i < lanes; ++i) *sum += total[i];
  }
#else
  static void run(float* z, std::size_t n, float* sum) { in_turn(z, n, sum); }
#endif

  // In double each exponential by itself.
  static void run(double* z, std::size_t n, double* sum) { in_turn(z, n, sum); }

 private:
  template <std::floating_point T>
  static void in_turn(T* z, std::size_t n, T* sum) {
    const T largest = *std::max_element(z, z + n);
    *sum = 0;
    for (std::size_t k = 0; k < n; ++k) *sum += z[k] = std::exp(z[k] - largest);
  }
};

}  // namespace noisefall::kernels
