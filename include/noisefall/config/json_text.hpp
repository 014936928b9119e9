// JSON text as Python writes it: with the bare words NaN, Infinity and -Infinity.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <noisefall/core/error.hpp>

namespace noisefall {

namespace detail {

inline constexpr std::string_view bare_word_mark =
    "\x1f"
    "bare ";

// The text with each such word outside of strings as a marked string.
inline std::string quote_bare_words(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < text.size()) out += text[++i];
      if (c == '"') in_string = false;
      continue;
    }
    in_string = c == '"';
    bool replaced = false;
    for (const std::string_view word : {"-Infinity", "Infinity", "NaN"}) {
      if (text.substr(i, word.size()) != word) continue;
      out += "\"\\u001fbare " + std::string{word} + "\"";
      i += word.size() - 1;
      replaced = true;
      break;
    }
    if (!replaced) out += c;
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

}  // namespace detail

// Throws noisefall::error, with the line and column, on text that is not JSON otherwise. `where` names the text.
inline nlohmann::json parse_json(std::string_view text, const std::string& where) {
  try {
    nlohmann::json value = nlohmann::json::parse(detail::quote_bare_words(text));
    detail::number_bare_words(value);
    return value;
  } catch (const nlohmann::json::parse_error& e) {
    const std::string message = e.what();
    const std::size_t at = message.find("parse error");
    throw error{where, at == std::string::npos ? message : message.substr(at), "JSON"};
  }
}

}  // namespace noisefall
