// The generator behind torch's CPU random numbers: MT19937, 32 bits a word.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace noisefall {

// The words of std::mt19937 (Matsumoto and Nishimura 1998), without <random>, which costs every file 0.3 seconds.
class mersenne_twister {
 public:
  explicit mersenne_twister(std::uint32_t seed) {
    state_[0] = seed;
    for (std::uint32_t i = 1; i < size; ++i) state_[i] = 1812433253u * (state_[i - 1] ^ state_[i - 1] >> 30) + i;
  }

  std::uint32_t operator()() {
    if (next_ == size) renew();
    std::uint32_t word = state_[next_++];
    word ^= word >> 11;
    word ^= word << 7 & 0x9d2c5680u;
    word ^= word << 15 & 0xefc60000u;
    return word ^ word >> 18;
  }

  // Skips that many words.
  void discard(std::uint64_t words) {
    for (; words > size - next_; next_ = 0) {
      words -= size - next_;
      renew();
    }
    next_ += static_cast<std::size_t>(words);
  }

 private:
  static constexpr std::size_t size = 624, distance = 397;

  void renew() {
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint32_t mixed = (state_[i] & 0x80000000u) | (state_[(i + 1) % size] & 0x7fffffffu);
      state_[i] = state_[(i + distance) % size] ^ mixed >> 1 ^ (mixed & 1 ? 0x9908b0dfu : 0);
    }
    next_ = 0;
  }

  std::array<std::uint32_t, size> state_{};
  std::size_t next_ = size;
};

}  // namespace noisefall
