// What the ways to a quantile of absolute values share: keys, results and the kernels an instruction set offers.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace noisefall::kernels {

// The bits of an absolute value. They are ordered like the values, and a NaN is above infinity.
template <class T>
using key = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
template <class T>
key<T> key_of(T value) {
  return std::bit_cast<key<T>>(value) & (std::numeric_limits<key<T>>::max() >> 1);
}
template <class T>
inline constexpr key<T> infinite_key = std::bit_cast<key<T>>(std::numeric_limits<T>::infinity());

// Of n values in ascending order the k-th (counted from 0) and the one after it, the last one twice. NaN both, if any
// value is.
template <class T>
struct neighbours {
  T lower, upper;
};

struct collected {
  std::size_t inside, above;
  std::uint32_t largest;
};

// Keys stand in lists of a multiple of `key_padding`, filled up with zeros.
inline constexpr std::size_t key_padding = 16;
// How far behind its capacity a list may be written to.
inline constexpr std::size_t list_margin = 64;

// What an instruction set does fast. No kernel allocates.
struct quantile_kernels {
  // maxima[b]: the largest of the keys of x[b], x[b + blocks], ...; blocks is a multiple of key_padding. Returns the
  // largest.
  std::uint32_t (*block_maxima)(const float* x, std::size_t n, std::size_t blocks, std::uint32_t* maxima);
  // How many keys are t or more; the smallest of these.
  std::size_t (*count_from)(const std::uint32_t* keys, std::size_t padded, std::uint32_t t);
  std::uint32_t (*smallest_from)(const std::uint32_t* keys, std::size_t padded, std::uint32_t t);
  // Lists the keys of x in [low, high] and counts those above. Gives up once the list holds more than `capacity`.
  collected (*collect)(const float* x, std::size_t n, std::uint32_t low, std::uint32_t high, std::uint32_t* list,
                       std::size_t capacity);
};

}  // namespace noisefall::kernels
