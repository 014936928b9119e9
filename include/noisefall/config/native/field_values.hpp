// What a field of a policy may be in JSON: numbers, whole numbers, names of an enumeration, lists.
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/fields.hpp>
#include <noisefall/solver/asked_order.hpp>

namespace noisefall {

// The names of an enumeration in JSON: a specialisation per enumeration that is a field.
template <class E>
struct spelt {
  std::string_view name;
  E value;
};
template <class E>
inline constexpr std::nullptr_t spelling = nullptr;

// read_value changes `value`, json_of makes JSON of it, null for nothing. A field of a type of your own: the two beside
// that type. read_value may take a fourth argument, `const catalogue*`, where values hold policies (null: the built-in
// ones).

inline void read_value(const fields& from, std::string_view name, bool& value) {
  if (!from.value(name).is_boolean()) from.refuse(name, "true or false");
  value = from.value(name).get<bool>();
}
// Infinity is no number in JSON; where it is a field's default, it is had by leaving the field out.
inline void read_value(const fields& from, std::string_view name, double& value) {
  const std::optional<double> given = from.maybe_number(name, finite_number);
  if (!given) from.refuse(name, finite_number.text);
  value = *given;
}

template <std::integral T>
requires(!std::same_as<T, bool>) void read_value(const fields& from, std::string_view name, T& value,
                                                 T most = std::numeric_limits<T>::max()) {
  const nlohmann::json& given = from.value(name);
  const auto read = [&](auto number) {
    if (!std::in_range<T>(number) || static_cast<T>(number) > most) return false;
    value = static_cast<T>(number);
    return true;
  };
  const bool fits = given.is_number_unsigned()  ? read(given.get<std::uint64_t>())
                    : given.is_number_integer() ? read(given.get<std::int64_t>())
                                                : false;
  if (!fits)
    from.refuse(name,
                "a whole number from " + std::to_string(std::numeric_limits<T>::min()) + " to " + std::to_string(most));
}

inline void read_value(const fields& from, std::string_view name, asked_order& value) {
  read_value(from, name, value.value);
}

inline void read_value(const fields& from, std::string_view name, std::optional<double>& value) {
  value = from.maybe_number(name, finite_number);
}

inline void read_value(const fields& from, std::string_view name, std::vector<double>& value) {
  std::optional<std::vector<double>> given = from.numbers(name, finite_number);
  if (!given) from.refuse(name, "a list of numbers");
  value = *std::move(given);
}

template <class T>
requires(std::integral<T> || std::same_as<T, std::vector<double>>) void read_value(const fields& from,
                                                                                   std::string_view name,
                                                                                   std::vector<T>& value) {
  const nlohmann::json& list = from.value(name);
  if (!list.is_array()) from.refuse(name, std::integral<T> ? "a list of whole numbers" : "a list of lists of numbers");
  value.clear();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const nlohmann::json wrapped{{std::to_string(i), list[i]}};
    T item{};
    read_value(fields{wrapped, from.at(name)}, std::to_string(i), item);
    value.push_back(item);
  }
}

template <class E>
requires std::is_enum_v<E>
void read_value(const fields& from, std::string_view name, E& value) {
  const nlohmann::json& given = from.value(name);
  std::string allowed;
  for (const auto& [text, meaning] : spelling<E>) {
    if (given.is_string() && given.get_ref<const std::string&>() == text) {
      value = meaning;
      return;
    }
    allowed += (allowed.empty() ? "" : ", ") + std::string{text};
  }
  from.refuse(name, allowed);
}

template <class T>
requires std::is_arithmetic_v<T> nlohmann::json json_of(T value) {
  if constexpr (std::floating_point<T>)
    if (!std::isfinite(value)) return nullptr;  // only where that is the default
  return value;
}
inline nlohmann::json json_of(const asked_order& value) { return value.value; }
inline nlohmann::json json_of(const std::optional<double>& value) { return value ? json_of(*value) : nullptr; }
template <class T>
nlohmann::json json_of(const std::vector<T>& value) {
  return value;
}
template <class E>
requires std::is_enum_v<E> nlohmann::json json_of(E value) {
  for (const auto& [text, meaning] : spelling<E>)
    if (meaning == value) return std::string{text};
  return nullptr;
}

}  // namespace noisefall
