// The 16-bit storage types in which networks may give their outputs.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace noisefall {

// IEEE 754 binary16: 11 bits of precision, up to 65504, subnormals from 2^-24.
struct half {
  std::uint16_t bits = 0;

  half() = default;
  // To the nearest half, ties to even; beyond 65520 infinity.
  explicit half(float value) {
    const std::uint32_t from = std::bit_cast<std::uint32_t>(value), sign = from >> 16 & 0x8000u;
    const std::uint32_t magnitude = from & 0x7fffffffu;
    std::uint32_t to;
    if (magnitude > 0x7f800000u)
      to = 0x7e00u | (magnitude >> 13 & 0x3ffu);
    else if (magnitude >= 0x477ff000u)
      to = 0x7c00u;
    else if (magnitude < 0x38800000u)  // subnormal: the addition aligns and rounds
      to = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - std::bit_cast<std::uint32_t>(0.5f);
    else
      to = (magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
    bits = static_cast<std::uint16_t>(sign | to);
  }
  explicit operator float() const {
    const std::uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31u, fraction = bits & 0x3ffu;
    if (exponent == 0) {
      const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
      return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
    }
    if (exponent == 31)
      return std::bit_cast<float>(sign | 0x7f800000u | (fraction == 0 ? 0 : 0x400000u) | fraction << 13);
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  }
};

// The upper half of a float: 8 bits of precision, the range of float.
struct bfloat16 {
  std::uint16_t bits = 0;

  bfloat16() = default;
  // To the nearest bfloat16, ties to even.
  explicit bfloat16(float value) {
    const std::uint32_t from = std::bit_cast<std::uint32_t>(value);
    const bool nan = (from & 0x7fffffffu) > 0x7f800000u;
    bits = static_cast<std::uint16_t>(nan ? from >> 16 | 0x40u : (from + 0x7fffu + (from >> 16 & 1u)) >> 16);
  }
  explicit operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

static_assert(sizeof(half) == 2 && sizeof(bfloat16) == 2 && std::is_trivially_copyable_v<half>);

}  // namespace noisefall
