// Which training indices a discrete spacing visits, in exact integer arithmetic.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>

namespace noisefall {

// numerator / denominator to the nearest integer, a half to the even one. denominator > 0.
inline long round_half_even(long numerator, long denominator) {
  long floor = numerator / denominator, rest = numerator % denominator;
  if (rest < 0) {
    --floor;
    rest += denominator;
  }
  if (2 * rest == denominator) return floor + (floor & 1);
  return 2 * rest > denominator ? floor + 1 : floor;
}

// How many points a rule lays out for n steps.
//   labels  n points (DDPM, DDIM, PNDM)
//   points  n + 1 points, of which the cleanest is dropped (DPM-Solver family, UniPC, DEIS, SA-Solver)
enum class index_rule : std::uint8_t { labels, points };

// How a rule's fractions are computed before they are rounded.
//   exact  as fractions
//   numpy  in double, in numpy's order of operations; where the fraction is a half this may give the index beside it
//          (for N = 1000: linspace of 92 n, the first n = 27; trailing of 111 n, the first n = 48)
enum class index_arithmetic : std::uint8_t { exact, numpy };

// start + i * step with both operations rounded, whatever the compiler may fuse.
inline double numpy_point(double start, long i, double step) {
  const volatile double product = static_cast<double>(i) * step;
  return start + product;
}

// All rules return indices noisiest first. `last` counts the usable indices 0 .. last - 1: the table's length, or less
// where the noisiest indices are left out (lambda_min_clipped). They throw on n = 0 and on n > last.

inline void require_steps(std::size_t n, std::size_t last, std::string_view where) {
  require(n >= 1 && n <= last, where, {"steps: ", n}, {"1 to ", last});
}

// labels: round(i (last - 1) / (n - 1)), i = n - 1 .. 0; for n = 1 that is {0}, as numpy.linspace has it.
// points: round(i (last - 1) / n), i = n .. 1.
inline std::vector<long> linspace_indices(std::size_t n, std::size_t last, index_rule rule = index_rule::labels,
                                          index_arithmetic by = index_arithmetic::exact) {
  require_steps(n, last, "linspace");
  const long count = static_cast<long>(n), top = static_cast<long>(last) - 1;
  const long first = rule == index_rule::labels ? 0 : 1, parts = std::max(count - 1 + first, 1L);
  const double step = static_cast<double>(top) / static_cast<double>(parts);
  std::vector<long> indices;
  for (long i = first + count - 1; i >= first; --i)
    indices.push_back(by == index_arithmetic::exact || i == parts ? round_half_even(i * top, parts)
                                                                  : std::lrint(numpy_point(0, i, step)));
  return indices;
}

// labels: i floor(last / n) + offset, i = n - 1 .. 0.
// points: i floor(last / (n + 1)) + offset, i = n .. 1; all of them `offset` where n = last.
inline std::vector<long> leading_indices(std::size_t n, std::size_t last, long offset = 0,
                                         index_rule rule = index_rule::labels) {
  require_steps(n, last, "leading");
  const long count = static_cast<long>(n), first = rule == index_rule::labels ? 0 : 1;
  const long stride = static_cast<long>(last) / (count + first);
  std::vector<long> indices;
  for (long i = first + count - 1; i >= first; --i) indices.push_back(i * stride + offset);
  return indices;
}

// round(last - i N / n) - 1 for i = 0, 1, ... while last - i N / n > 0, never below 0. N is the table's length; for
// last = N exactly n entries (numpy.arange gives a further -1 for 62 of n <= 1000, the first n = 61), fewer for last <
// N.
inline std::vector<long> trailing_indices(std::size_t n, std::size_t table, std::size_t last,
                                          index_arithmetic by = index_arithmetic::exact) {
  require_steps(n, table, "trailing");
  const long count = static_cast<long>(n), length = static_cast<long>(table), top = static_cast<long>(last);
  const double start = static_cast<double>(top);
  const double step = (start - static_cast<double>(length) / static_cast<double>(count)) - start;
  std::vector<long> indices;
  for (long i = 0; top * count - i * length > 0; ++i) {
    const long rounded = by == index_arithmetic::exact ? round_half_even(top * count - i * length, count)
                                                       : std::lrint(numpy_point(start, i, step));
    indices.push_back(std::max(rounded - 1, 0L));
  }
  return indices;
}
inline std::vector<long> trailing_indices(std::size_t n, std::size_t table) {
  return trailing_indices(n, table, table);
}

// floor(0.8 last (i / (n - 1))^2), i = n - 1 .. 0 (DDIM's "quad", arXiv:2010.02502 appendix D.3); small indices repeat.
inline std::vector<long> quadratic_indices(std::size_t n, std::size_t last) {
  require_steps(n, last, "quadratic");
  const long count = static_cast<long>(n), parts = std::max(count - 1, 1L);
  std::vector<long> indices;
  for (long i = count - 1; i >= 0; --i) indices.push_back(4 * static_cast<long>(last) * i * i / (5 * parts * parts));
  return indices;
}

// The real index at which a table's ln(sigma / alpha) reaches ln(sigma): linear between indices, clamped to the table.
// The reverse of at(t) under between::log_sigma. In a table that does not rise throughout (diffusers' 2^-24 at the end
// of a zero-terminal-SNR table) it counts from the last index at or below ln(sigma).
inline double sigma_to_index(std::span<const double> log_sigmas, double sigma) {
  require(!log_sigmas.empty(), "sigma_to_index", "an empty table", "one entry or more");
  if (log_sigmas.size() == 1) return 0;
  const double wanted = std::log(std::max(sigma, 1e-10));
  std::size_t low = log_sigmas.size() - 1;
  while (low > 0 && !(log_sigmas[low] <= wanted)) --low;
  low = std::min(low, log_sigmas.size() - 2);
  const double weight = std::clamp((log_sigmas[low] - wanted) / (log_sigmas[low] - log_sigmas[low + 1]), 0.0, 1.0);
  return (1 - weight) * static_cast<double>(low) + weight * static_cast<double>(low + 1);
}

}  // namespace noisefall
