// Philox 4x32-10: 128 random bits as a pure function of a 128-bit counter and a 64-bit key.
#pragma once

#include <array>
#include <cstdint>

namespace noisefall {

// J. Salmon, M. Moraes, R. Dror, D. Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011), section 4.3.
struct philox_key {
  std::uint32_t low = 0, high = 0;
};

inline constexpr int philox_rounds = 10;
inline constexpr std::uint32_t philox_multipliers[2] = {0xD2511F53u, 0xCD9E8D57u};
inline constexpr std::uint32_t philox_weyl[2] = {0x9E3779B9u, 0xBB67AE85u};  // golden ratio, sqrt(3) - 1

using philox_block = std::array<std::uint32_t, 4>;

constexpr philox_block philox_4x32_10(philox_block c, philox_key key) {
  for (int round = 0; round < philox_rounds; ++round) {
    const std::uint64_t p = std::uint64_t{philox_multipliers[0]} * c[0];
    const std::uint64_t q = std::uint64_t{philox_multipliers[1]} * c[2];
    c = {static_cast<std::uint32_t>(q >> 32) ^ c[1] ^ key.low, static_cast<std::uint32_t>(q),
         static_cast<std::uint32_t>(p >> 32) ^ c[3] ^ key.high, static_cast<std::uint32_t>(p)};
    key.low += philox_weyl[0];
    key.high += philox_weyl[1];
  }
  return c;
}

}  // namespace noisefall
