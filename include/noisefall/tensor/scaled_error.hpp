// The root mean square of a difference against a tolerance, which judges a step of an adaptive solver.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <noisefall/core/instruction_set.hpp>

namespace noisefall::kernels {

// The sum of squares is the same on every processor: IEEE operations per element, then a sum in a fixed order. It is
// made in two functions with memory between them, because a product and a sum that meet could be contracted.
struct scaled_squares {
  template <class T>
  [[gnu::always_inline]] static inline void run(const T* high, const T* low, const T* previous, double atol,
                                                double rtol, std::size_t n, double* __restrict squares) {
#ifdef __clang__  // vectorises the plain loop only
    constexpr std::size_t together = 1;
#else
    constexpr std::size_t together = 8;
#endif
    const std::size_t whole = n - n % together;
    for (std::size_t at = 0; at < whole; at += together)
      for (std::size_t i = 0; i < together; ++i)
        squares[at + i] = square(high[at + i], low[at + i], previous[at + i], atol, rtol);
    for (std::size_t i = whole; i < n; ++i) squares[i] = square(high[i], low[i], previous[i], atol, rtol);
  }

 private:
  template <class T>
  [[gnu::always_inline]] static inline double square(T high, T low, T previous, double atol, double rtol) {
    const double a = static_cast<double>(high), b = static_cast<double>(low), c = static_cast<double>(previous);
    const double ratio = (a - b) / std::max(atol, rtol * std::max(std::abs(b), std::abs(c)));
    return ratio * ratio;
  }
};

// Lane l of 32 sums the elements of index l modulo 32; then the lanes are added in order. n is a multiple of 32.
struct sum_in_lanes {
  [[gnu::always_inline]] static inline void run(const double* x, std::size_t n, double* sum) {
    constexpr std::size_t lanes = 32, together = 8;  // with more in flight, g++ -O2 keeps them in memory
    double all[lanes] = {};
    for (std::size_t first = 0; first < lanes; first += together) {
      double lane[together] = {};
      for (std::size_t at = first; at < n; at += lanes)
        for (std::size_t i = 0; i < together; ++i) lane[i] += x[at + i];
      std::copy_n(lane, together, all + first);
    }
    for (const double lane : all) *sum += lane;
  }
};

// sqrt(mean of ((high - low) / max(atol, rtol * max(|low|, |previous|)))^2). Reads each array once; no allocation.
template <class T>
double scaled_error(const T* high, const T* low, const T* previous, std::size_t n, double atol, double rtol) {
  constexpr std::size_t chunk = 1024, lanes = 32;
  if (n == 0) return 0;
  alignas(64) double squares[chunk];
  double total = 0;
  for (std::size_t at = 0; at < n; at += chunk) {
    const std::size_t count = std::min(chunk, n - at), padded = (count + lanes - 1) / lanes * lanes;
    run_widest<scaled_squares>(high + at, low + at, previous + at, atol, rtol, count, +squares);
    std::fill(squares + count, squares + padded, 0.0);
    double sum = 0;
    run_widest<sum_in_lanes>(static_cast<const double*>(squares), padded, &sum);
    total += sum;
  }
  return std::sqrt(total / static_cast<double>(n));
}

}  // namespace noisefall::kernels
