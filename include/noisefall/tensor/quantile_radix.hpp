// Selection by digits of the bits: exact, in linear time whatever the values are, on every processor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <noisefall/tensor/quantile_common.hpp>

namespace noisefall::kernels {

// Reads x twice, or once more per digit that leaves too many values with equal leading bits. No allocation.
template <class T>
[[gnu::noinline]] neighbours<T> select_by_radix(const T* x, std::size_t n, std::size_t k) {
  // Values of similar size meet in few counts; four histograms in turn save each from waiting for the last one.
  constexpr std::size_t ways = 4, capacity = 4096;
  constexpr int widest = 11, bits = std::numeric_limits<key<T>>::digits - 1;
  constexpr key<T> infinite = infinite_key<T>;
  const int digit = n < capacity ? 8 : widest;
  std::uint32_t histogram[ways << widest];
  T kept[capacity + 1];
  const T* from = x;
  key<T> prefix = 0;
  std::size_t count = n, rank = k, equal = n;
  for (int undecided = bits; undecided > 0;) {
    const int width = std::min(digit, undecided), decided = undecided;
    undecided -= width;
    const std::size_t buckets = std::size_t{1} << width;
    std::fill_n(histogram, ways * buckets, 0u);
    const auto add = [&](std::size_t way, T value) {
      const key<T> whole = key_of(value);
      histogram[way * buckets + (whole >> undecided & (buckets - 1))] += whole >> decided == prefix;
    };
    std::size_t i = 0;
    for (; i + ways <= count; i += ways)
#pragma GCC unroll 4
      for (std::size_t way = 0; way < ways; ++way) add(way, from[i + way]);
    for (; i < count; ++i) add(0, from[i]);
    const auto members = [&](std::size_t bucket) {
      std::size_t sum = 0;
      for (std::size_t way = 0; way < ways; ++way) sum += histogram[way * buckets + bucket];
      return sum;
    };

    if (decided == bits)
      for (std::size_t bucket = static_cast<std::size_t>(infinite >> undecided); bucket < buckets; ++bucket)
        if (members(bucket) > 0) {
          const T* nan = std::find_if(x, x + n, [](T value) { return key_of(value) > infinite; });
          if (nan != x + n) return {*nan, *nan};
          break;
        }
    std::size_t bucket = 0;
    for (equal = members(0); rank >= equal; equal = members(++bucket)) rank -= equal;
    prefix = prefix << width | static_cast<key<T>>(bucket);
    if (from == x && equal <= capacity) {
      std::size_t found = 0;
      for (i = 0; i < n; ++i) {
        kept[found] = x[i];
        found += key_of(x[i]) >> undecided == prefix;
      }
      from = kept;
      count = found;
    }
  }
  const T lower = std::bit_cast<T>(prefix);
  if (rank + 1 < equal || k + 1 == n) return {lower, lower};
  const auto distance_above = [prefix](const T* of, std::size_t many) {  // modulo 2^bits, so that smaller keys are far
    key<T> least = std::numeric_limits<key<T>>::max();
    for (std::size_t i = 0; i < many; ++i) least = std::min(least, static_cast<key<T>>(key_of(of[i]) - prefix - 1));
    return least;
  };
  key<T> next = prefix + 1 + distance_above(from, count);
  if (next <= prefix) next = prefix + 1 + distance_above(x, n);
  return {lower, std::bit_cast<T>(next)};
}

}  // namespace noisefall::kernels
