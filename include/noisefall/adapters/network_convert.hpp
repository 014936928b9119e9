// Elements of one type written as another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <noisefall/adapters/network_array.hpp>
#include <noisefall/core/half.hpp>
#include <noisefall/core/instruction_set.hpp>
#include <noisefall/tensor/pass_kernels.hpp>

namespace noisefall {

template <class T>
constexpr element_type element_type_of() {
  if constexpr (std::is_same_v<T, float>) return element_type::float32;
  if constexpr (std::is_same_v<T, double>) return element_type::float64;
  if constexpr (std::is_same_v<T, half>) return element_type::float16;
  if constexpr (std::is_same_v<T, bfloat16>) return element_type::bfloat16;
  if constexpr (std::is_same_v<T, bool>) return element_type::boolean;
  if constexpr (std::is_same_v<T, std::uint8_t>) return element_type::uint8;
  if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 8) return element_type::int64;
  if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 4) return element_type::int32;
  return element_type::unknown;
}

// Between floating-point types, and between whole numbers and booleans: not from one group to the other.
inline bool convertible(element_type from, element_type to) {
  return from == to ||
         (from != element_type::unknown && to != element_type::unknown && is_floating(from) == is_floating(to));
}

namespace detail {

template <class From, class To>
void convert_elements(const void* from, void* to, std::size_t n) {
  const From* in = static_cast<const From*>(from);
  To* out = static_cast<To*>(to);
  if constexpr (std::is_same_v<From, To>) {
    std::memcpy(to, from, n * sizeof(To));
  } else if constexpr (sizeof(From) == 2 && std::is_floating_point_v<To>) {
    kernels::widen(kernels::widest_instruction_set(), in, n, out);
  } else if constexpr (std::is_class_v<From> || std::is_class_v<To>) {
    for (std::size_t i = 0; i < n; ++i) out[i] = To(static_cast<float>(in[i]));
  } else {
    for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<To>(in[i]);
  }
}

template <class From>
void convert_from(const void* from, element_type type, void* to, std::size_t n) {
  if constexpr (std::is_floating_point_v<From> || std::is_class_v<From>) {
    if (type == element_type::float32) return convert_elements<From, float>(from, to, n);
    if (type == element_type::float64) return convert_elements<From, double>(from, to, n);
    if (type == element_type::float16) return convert_elements<From, half>(from, to, n);
    return convert_elements<From, bfloat16>(from, to, n);
  } else {
    if (type == element_type::int64) return convert_elements<From, std::int64_t>(from, to, n);
    if (type == element_type::int32) return convert_elements<From, std::int32_t>(from, to, n);
    if (type == element_type::uint8) return convert_elements<From, std::uint8_t>(from, to, n);
    return convert_elements<From, bool>(from, to, n);
  }
}

}  // namespace detail

// n elements; the types are convertible. Halves are rounded to nearest.
inline void convert(element_type from_type, const void* from, element_type to_type, void* to, std::size_t n) {
  if (from_type == to_type) {
    if (n != 0) std::memcpy(to, from, n * size_of(to_type));
    return;
  }
  switch (from_type) {
    case element_type::float32:
      return detail::convert_from<float>(from, to_type, to, n);
    case element_type::float64:
      return detail::convert_from<double>(from, to_type, to, n);
    case element_type::float16:
      return detail::convert_from<half>(from, to_type, to, n);
    case element_type::bfloat16:
      return detail::convert_from<bfloat16>(from, to_type, to, n);
    case element_type::int64:
      return detail::convert_from<std::int64_t>(from, to_type, to, n);
    case element_type::int32:
      return detail::convert_from<std::int32_t>(from, to_type, to, n);
    case element_type::uint8:
      return detail::convert_from<std::uint8_t>(from, to_type, to, n);
    default:
      return detail::convert_from<bool>(from, to_type, to, n);
  }
}

}  // namespace noisefall
