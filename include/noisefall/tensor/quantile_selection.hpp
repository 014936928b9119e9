// Selection by a few candidates that are picked on vectors, then bisected; by radix where that does not work out.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <noisefall/core/instruction_set.hpp>
#include <noisefall/tensor/quantile_avx2.hpp>
#include <noisefall/tensor/quantile_common.hpp>
#include <noisefall/tensor/quantile_radix.hpp>

namespace noisefall::kernels {

// Selects among floats by counting on vectors. A threshold from below, and sometimes one from above, leaves few
// candidates in one pass; these are bisected. Without luck (ties, patterns) there is no result, but also no more work.
class vector_selection {
 public:
  vector_selection(const quantile_kernels& by, const float* x, std::size_t n) : by_{by}, x_{x}, n_{n} {}

  // The need-th largest and the one before it.
  std::optional<neighbours<float>> run(std::size_t need) {
    if (n_ <= few) return among_collected(0, no_limit, need);
    const std::size_t blocks = round_up(3 * need, key_padding);
    if (blocks <= std::min(capacity, n_ / 4)) return by_block_maxima(blocks, need);
    return by_sample(need);
  }

 private:
  static constexpr std::size_t capacity = 12288, few = 1024;
  static constexpr std::uint32_t no_limit = 0x7fffffffu;

  static constexpr std::size_t round_up(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }
  static neighbours<float> both(std::uint32_t value) {
    return {std::bit_cast<float>(value), std::bit_cast<float>(value)};
  }

  // `need` blocks have a maximum that is at least the need-th largest maximum, so as many elements are.
  std::optional<neighbours<float>> by_block_maxima(std::size_t blocks, std::size_t need) {
    const std::uint32_t largest = by_.block_maxima(x_, n_, blocks, list_);
    if (need == 1 || largest > infinite_key<float>) return both(largest);
    return among_collected(threshold(blocks, largest, need, need / 8), no_limit, need);
  }

  // Evenly spread elements stand for all, with a margin of four standard deviations of its rank.
  std::optional<neighbours<float>> by_sample(std::size_t need) {
    const std::size_t size = std::clamp<std::size_t>(n_ / 24 / key_padding * key_padding, 1024, 8192);
    const std::size_t stride = n_ / size | 1u;  // odd, so as not to walk down the same columns of a picture
    std::uint32_t largest = 0;
    for (std::size_t i = 0, at = 0; i < size; ++i, at += stride) {
      if (at >= n_) at -= n_;
      list_[i] = key_of(x_[at]);
      largest = std::max(largest, list_[i]);
    }
    const double part = static_cast<double>(need) / static_cast<double>(n_), whole = static_cast<double>(size);
    const double rank = part * whole, margin = 2 + 4 * std::sqrt(rank * (1 - part));
    const std::uint32_t high =
        rank - margin < 1 ? no_limit : threshold(size, largest, static_cast<std::size_t>(rank - margin), 8);
    const std::uint32_t low =
        rank + margin >= whole ? 0 : threshold(size, largest, static_cast<std::size_t>(rank + margin), 8);
    return among_collected(low, high, need);
  }

  [[gnu::noinline]] std::optional<neighbours<float>> among_collected(std::uint32_t low, std::uint32_t high,
                                                                     std::size_t need) {
    const collected found = by_.collect(x_, n_, low, high, list_, capacity);
    if (found.inside > capacity || found.above >= need || found.above + found.inside < need) return {};
    if (found.largest > infinite_key<float>) return both(found.largest);
    const std::size_t rank = need - found.above, padded = round_up(found.inside, key_padding);
    if (rank == 1 && found.above > 0) return {};  // the one before it is not listed
    std::fill(list_ + found.inside, list_ + padded, 0u);
    const std::uint32_t lower =
        by_.smallest_from(list_, padded, threshold(padded, std::min(high, found.largest), rank, 0));
    // Larger ones than `lower` are fewer than `rank`; if they are fewer still, there is a tie.
    if (by_.count_from(list_, padded, lower + 1) + 1 < rank || rank == 1) return both(lower);
    return neighbours<float>{std::bit_cast<float>(lower),
                             std::bit_cast<float>(by_.smallest_from(list_, padded, lower + 1))};
  }

  // A key that `rank` to rank + slack listed ones reach, the largest being given; with ties the rank-th largest.
  [[gnu::noinline]] std::uint32_t threshold(std::size_t padded, std::uint32_t largest, std::size_t rank,
                                            std::size_t slack) const {
    std::uint32_t low = largest, high = largest + 1;  // at least `rank` keys reach low, fewer high
    for (std::uint32_t step = std::uint32_t{1} << 21;; step *= 4) {
      low = step != 0 && step < largest ? largest - step : 0;
      const std::size_t count = by_.count_from(list_, padded, low);
      if (count >= rank && count <= rank + slack) return low;
      if (count >= rank) break;
      high = low;
    }
    while (high - low > 1) {
      const std::uint32_t middle = low + (high - low) / 2;
      const std::size_t count = by_.count_from(list_, padded, middle);
      if (count >= rank)
        low = middle;
      else
        high = middle;
      if (count >= rank && count <= rank + slack) break;
    }
    return low;
  }

  const quantile_kernels& by_;
  const float* x_;
  std::size_t n_;
  std::uint32_t list_[capacity + list_margin];
};

// On its own, so that the list leaves the stack before another way is tried.
[[gnu::noinline]] inline std::optional<neighbours<float>> select_by_vectors(const quantile_kernels& by, const float* x,
                                                                            std::size_t n, std::size_t need) {
  return vector_selection{by, x, n}.run(need);
}

// The instruction set, which the processor must have, changes no bit.
template <class T>
neighbours<T> select(instruction_set set, const T* x, std::size_t n, std::size_t k) {
#if defined(__x86_64__) && defined(__GNUC__)
  if constexpr (std::same_as<T, float>) {
    if (set != instruction_set::portable) {
      const quantile_kernels& by = avx2::for_quantiles;  // with 512 bits it is no faster
      if (const auto found = select_by_vectors(by, x, n, n - k)) return *found;
    }
  }
#endif
  static_cast<void>(set);
  return select_by_radix(x, n, k);
}

}  // namespace noisefall::kernels
