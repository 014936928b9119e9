// Reads the fields of one JSON object: typed, with defaults, with errors that carry the JSON pointer.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/core/error.hpp>

namespace noisefall {

// A number and the text that says which numbers are allowed.
struct number_range {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool open_low = false, open_high = false;  // the end itself is not allowed
  std::string_view text = "a number";

  bool holds(double v) const { return (open_low ? v > low : v >= low) && (open_high ? v < high : v <= high); }
};

inline constexpr number_range any_number{};
inline constexpr number_range finite_number{.low = std::numeric_limits<double>::lowest(),
                                            .high = std::numeric_limits<double>::max(),
                                            .text = "a finite number"};
inline constexpr number_range positive{.low = 0, .open_low = true, .text = "a number > 0"};
inline constexpr number_range not_negative{.low = 0, .text = "a number >= 0"};
inline constexpr number_range unit_interval{.low = 0, .high = 1, .text = "a number from 0 to 1"};

// Texts as messages list them: "a, b, c".
template <class Texts>
std::string listed(const Texts& texts) {
  std::string list;
  for (const std::string_view text : texts) (list += list.empty() ? "" : ", ") += text;
  return list;
}

// An absent field and a null have the default. Nothing is converted: a number in quotes, or 1 for true, is an error.
class fields {
 public:
  fields(const nlohmann::json& object, std::string pointer) : object_{&object}, pointer_{std::move(pointer)} {
    require(object.is_object(), pointer_.empty() ? "/" : pointer_, shown(object), "an object");
  }

  bool has(std::string_view name) const {
    const auto it = object_->find(std::string{name});
    return it != object_->end() && !it->is_null();
  }

  // Throws on a field with another name.
  void allow_only(std::initializer_list<std::string_view> names) const {
    for (const auto& item : object_->items())
      if (std::find(names.begin(), names.end(), item.key()) == names.end())
        throw error{at(item.key()), "unknown name", listed(names)};
  }

  bool boolean(std::string_view name, bool otherwise) const {
    if (!has(name)) return otherwise;
    if (!value(name).is_boolean()) refuse(name, "true or false");
    return value(name).get<bool>();
  }

  std::int64_t integer(std::string_view name, std::int64_t otherwise, std::int64_t low, std::int64_t high) const {
    if (!has(name)) return otherwise;
    const nlohmann::json& v = value(name);
    const std::string allowed = high == std::numeric_limits<std::int64_t>::max()
                                    ? "a whole number >= " + std::to_string(low)
                                    : "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
    if (!v.is_number_integer()) refuse(name, allowed);
    if (v.is_number_unsigned() && v.get<std::uint64_t>() > std::uint64_t{1} << 62) refuse(name, allowed);
    const std::int64_t i = v.get<std::int64_t>();
    if (i < low || i > high) refuse(name, allowed);
    return i;
  }
  std::int64_t integer(std::string_view name, std::int64_t otherwise, std::int64_t low) const {
    return integer(name, otherwise, low, std::numeric_limits<std::int64_t>::max());
  }

  double number(std::string_view name, double otherwise, const number_range& range = any_number) const {
    return maybe_number(name, range).value_or(otherwise);
  }
  std::optional<double> maybe_number(std::string_view name, const number_range& range = any_number) const {
    if (!has(name)) return {};
    if (!value(name).is_number()) refuse(name, range.text);
    const double v = value(name).get<double>();
    if (!range.holds(v)) refuse(name, range.text);
    return v;
  }

  std::optional<std::vector<double>> numbers(std::string_view name, const number_range& range = any_number) const {
    if (!has(name)) return {};
    const nlohmann::json& list = value(name);
    const std::string allowed = "a list, each entry " + std::string{range.text};
    if (!list.is_array()) refuse(name, allowed);
    std::vector<double> result;
    result.reserve(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].is_number() || !range.holds(list[i].get<double>()))
        throw error{at(name) + "/" + std::to_string(i), shown(list[i]), std::string{range.text}};
      result.push_back(list[i].get<double>());
    }
    return result;
  }

  // One of `names`; `also` holds further spellings that are read as another name.
  std::string choice(std::string_view name, std::string_view otherwise, std::initializer_list<std::string_view> names,
                     std::initializer_list<std::pair<std::string_view, std::string_view>> also = {}) const {
    if (!has(name)) return std::string{otherwise};
    const nlohmann::json& v = value(name);
    if (v.is_string()) {
      const std::string& text = v.get_ref<const std::string&>();
      for (const std::string_view n : names)
        if (text == n) return text;
      for (const auto& [spelling, meaning] : also)
        if (text == spelling) return std::string{meaning};
    }
    refuse(name, listed(names));
  }

  const nlohmann::json& object() const { return *object_; }
  const std::string& pointer() const { return pointer_; }
  const nlohmann::json& value(std::string_view name) const { return (*object_)[std::string{name}]; }

  // Where a field stands, as a JSON pointer.
  std::string at(std::string_view name) const {
    std::string escaped;
    for (const char c : name) escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return pointer_ + "/" + escaped;
  }
  [[noreturn]] void refuse(std::string_view name, std::string_view allowed) const {
    const auto found = object_->find(std::string{name});
    throw error{at(name), found != object_->end() ? shown(*found) : "missing", std::string{allowed}};
  }
  [[noreturn]] void refuse(std::string_view name, std::string_view what, std::string_view allowed) const {
    throw error{at(name), std::string{what}, std::string{allowed}};
  }

  // A value as messages show it.
  static std::string shown(const nlohmann::json& v) {
    std::string text = v.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    if (text.size() > 60) text = text.substr(0, 57) + "...";
    return text;
  }

 private:
  const nlohmann::json* object_;
  std::string pointer_;
};

}  // namespace noisefall
