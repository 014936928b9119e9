// JSON as Python reads and writes it: with the bare words NaN, Infinity and -Infinity.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <noisefall/config/json_reader.hpp>

namespace noisefall {

namespace detail {

inline constexpr std::string_view bare_word_mark = "\x1f bare ";

// The text with each such word outside of strings as a marked string.
inline std::string quote_bare_words(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < text.size()) out += text[++i];
      in_string = c != '"';
      continue;
    }
    in_string = c == '"';
    std::string_view found;
    for (const std::string_view word : {"-Infinity", "Infinity", "NaN"})
      if (found.empty() && text.substr(i, word.size()) == word) found = word;
    if (found.empty()) {
      out += c;
    } else {
      out += "\"\\u001f bare " + std::string{found} + "\"";
      i += found.size() - 1;
    }
  }
  return out;
}

inline void number_bare_words(nlohmann::json& value) {
  if (value.is_structured()) {
    for (nlohmann::json& inner : value) number_bare_words(inner);
  } else if (value.is_string() && value.get_ref<const std::string&>().starts_with(bare_word_mark)) {
    const std::string word = value.get_ref<const std::string&>().substr(bare_word_mark.size());
    constexpr double infinity = std::numeric_limits<double>::infinity();
    value = word == "NaN" ? std::numeric_limits<double>::quiet_NaN() : word == "Infinity" ? infinity : -infinity;
  }
}

// The same value with such numbers as marked strings.
inline nlohmann::json with_marked_words(nlohmann::json value) {
  if (value.is_structured()) {
    for (nlohmann::json& inner : value) inner = with_marked_words(std::move(inner));
  } else if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    const double number = value.get<double>();
    value = std::string{bare_word_mark} + (std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
  }
  return value;
}

}  // namespace detail

// As parse_json, with those words as numbers. Columns in messages count them as longer than they are.
inline nlohmann::json parse_python_json(std::string_view text, const std::string& source) {
  nlohmann::json value = parse_json(detail::quote_bare_words(text), source);
  detail::number_bare_words(value);
  return value;
}

// The text that Python makes of it by json.dumps(value, indent=2, sort_keys=True) + "\n", which is how diffusers saves
// a configuration: parse_python_json reads back the same value. (dump() would write null for those words.)
inline std::string python_json_text(const nlohmann::json& value) {
  std::string text = detail::with_marked_words(value).dump(2, ' ', true, nlohmann::json::error_handler_t::replace);
  for (const std::string_view word : {"NaN", "-Infinity", "Infinity"}) {
    const std::string marked = "\"\\u001f bare " + std::string{word} + "\"";
    for (std::size_t at = text.find(marked); at != std::string::npos; at = text.find(marked, at + word.size()))
      text.replace(at, marked.size(), word);
  }
  return text + "\n";
}

inline nlohmann::json read_python_json(const std::filesystem::path& file) {
  return parse_python_json(read_text(file), file.string());
}

}  // namespace noisefall
