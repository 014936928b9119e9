#include "unicode.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include <noisefall/core/error.hpp>

namespace stable_diffusion {

namespace {

struct code_points {
  char32_t first, last;
};
struct lower_case {
  char32_t first, last, step;
  std::int32_t difference;
};
#include "unicode_tables.inc"

// The last entry that does not begin after c, if it reaches to c.
template <class Entry, std::size_t N>
const Entry* entry_of(const Entry (&table)[N], char32_t c) {
  const auto after =
      std::upper_bound(std::begin(table), std::end(table), c, [](char32_t v, const Entry& e) { return v < e.first; });
  if (after == std::begin(table)) return nullptr;
  const Entry* const entry = after - 1;
  return c <= entry->last ? entry : nullptr;
}

}  // namespace

std::vector<char32_t> code_points_of(std::string_view utf8, const std::string& where) {
  std::vector<char32_t> result;
  result.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(utf8[i]); };
    const unsigned char lead = byte(at);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    char32_t c = length == 1 ? lead : lead & (0x7FU >> length);
    bool whole = length > 0 && at + length <= utf8.size();
    for (std::size_t i = 1; whole && i < length; ++i) {
      whole = (byte(at + i) & 0xC0) == 0x80;
      c = c << 6 | (byte(at + i) & 0x3FU);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    whole = whole && c >= least[length] && c < 0x110000 && !(c >= 0xD800 && c < 0xE000);
    noisefall::require(whole, where, {"byte ", at, " is none of UTF-8"}, "text in UTF-8");
    result.push_back(c);
    at += length;
  }
  return result;
}

void append_utf8(std::string& to, char32_t c) {
  const auto put = [&](char32_t bits) { to += static_cast<char>(static_cast<unsigned char>(bits)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

bool is_letter(char32_t c) { return entry_of(letters, c) != nullptr; }
bool is_number(char32_t c) { return entry_of(numbers, c) != nullptr; }
bool is_space(char32_t c) { return entry_of(spaces, c) != nullptr; }

std::vector<char32_t> lower_case_of(const std::vector<char32_t>& text) {
  std::vector<char32_t> result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    constexpr char32_t capital_i_with_dot = 0x130, dot_above = 0x307, capital_sigma = 0x3A3, final_sigma = 0x3C2;
    if (c == capital_i_with_dot) {  // the only one that becomes two
      result.push_back(U'i');
      result.push_back(dot_above);
      continue;
    }
    if (c == capital_sigma && i > 0 && is_letter(text[i - 1]) && (i + 1 == text.size() || !is_letter(text[i + 1]))) {
      result.push_back(final_sigma);
      continue;
    }
    const lower_case* const entry = entry_of(lower_cases, c);
    const bool meant = entry != nullptr && (c - entry->first) % entry->step == 0;
    result.push_back(meant ? static_cast<char32_t>(static_cast<std::int32_t>(c) + entry->difference) : c);
  }
  return result;
}

}  // namespace stable_diffusion
