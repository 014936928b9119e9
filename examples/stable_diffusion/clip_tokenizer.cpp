#include "clip_tokenizer.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

#include <noisefall/config/json_reader.hpp>
#include <noisefall/core/error.hpp>

#include "unicode.hpp"

namespace stable_diffusion {

namespace nf = noisefall;

namespace {

constexpr std::string_view start_text = "<|startoftext|>", end_text = "<|endoftext|>", end_of_word = "</w>";

// Each byte has a printable character: itself where it is one in Latin 1, else one from 256 on.
std::vector<std::string> letters_of_bytes() {
  std::vector<std::string> letters(256);
  char32_t free = 256;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte > 32 && byte < 127) || (byte > 160 && byte != 173);
    append_utf8(letters[byte], printable ? byte : free++);
  }
  return letters;
}

// "<|endoftext|>", or {"content": "<|endoftext|>", ...}.
std::string token_text(const nlohmann::json& said, const std::string& otherwise) {
  if (said.is_string()) return said.get<std::string>();
  if (said.is_object() && said.contains("content") && said["content"].is_string())
    return said["content"].get<std::string>();
  return otherwise;
}

// The beginning of a text, as messages show it.
std::string shown(const std::string& text) {
  constexpr std::size_t most = 60;
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
  return text.substr(0, end) + "...";
}

bool starts_with(const std::vector<char32_t>& text, std::size_t at, std::string_view with) {
  return at + with.size() <= text.size() &&
         std::equal(with.begin(), with.end(), text.begin() + static_cast<std::ptrdiff_t>(at));
}

// The pieces of a text in lower case: [begin, end), and whether it is a special token.
struct piece {
  std::size_t begin, end;
  bool special;
};
std::vector<piece> split(const std::vector<char32_t>& text) {
  constexpr std::array<std::string_view, 2> special{start_text, end_text};
  constexpr std::array<std::string_view, 7> endings{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
  const auto other = [](char32_t c) { return !is_letter(c) && !is_number(c) && !is_space(c); };
  std::vector<piece> found;
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    piece here{at, at + 1, false};
    const auto take = [&](const auto& list, bool is_special) {
      for (const std::string_view one : list)
        if (starts_with(text, at, one)) {
          here = {at, at + one.size(), is_special};
          return true;
        }
      return false;
    };
    if (!take(special, true) && !take(endings, false) && !is_number(text[at])) {
      const bool letters = is_letter(text[at]);
      while (here.end < text.size() && (letters ? is_letter(text[here.end]) : other(text[here.end]))) ++here.end;
    }
    found.push_back(here);
    at = here.end;
  }
  return found;
}

}  // namespace

clip_tokenizer::clip_tokenizer(const std::filesystem::path& folder) : folder_{folder}, letters_{letters_of_bytes()} {
  const std::filesystem::path vocabulary = folder / "vocab.json", merges = folder / "merges.txt";
  const nlohmann::json ids = nf::read_json(vocabulary);
  nf::require(ids.is_object() && !ids.empty(), vocabulary.string(), "no vocabulary",
              "an object: {\"symbol\": id, ...}");
  for (const auto& [symbol, id] : ids.items()) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > std::numeric_limits<std::int32_t>::max())
      throw nf::error{vocabulary.string(), "\"" + symbol + "\": " + id.dump(), "whole numbers from 0"};
    ids_.emplace(symbol, id.get<std::int32_t>());
    symbols_.emplace(id.get<std::int32_t>(), symbol);
  }
  std::istringstream lines{nf::read_text(merges)};
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.starts_with("#version")) continue;
    const std::size_t gap = line.find(' ');
    const bool pair =
        gap != std::string::npos && gap > 0 && gap + 1 < line.size() && line.find(' ', gap + 1) == std::string::npos;
    nf::require(pair, merges.string(), {"line ", number, ": \"", line, "\""}, "two symbols and a space between them");
    ranks_.emplace(line, ranks_.size());
  }
  start_ = id_of(std::string{start_text}, "the start of a prompt");
  padding_ = end_ = id_of(std::string{end_text}, "the end of a prompt");
  for (const std::string& letter : letters_) {
    id_of(letter, "a byte");
    id_of(letter + std::string{end_of_word}, "a byte at the end of a word");
  }

  // The second file has the last word, as in Python.
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
    const std::filesystem::path file = folder / name;
    if (!std::filesystem::exists(file)) continue;
    const nlohmann::json said = nf::read_json(file);
    nf::require(said.is_object(), file.string(), said.dump(), "an object");
    if (said.contains("pad_token")) padding_ = id_of(token_text(said["pad_token"], std::string{end_text}), "padding");
    constexpr double most = 100'000;  // files say 1e30 where they mean no limit
    if (said.contains("model_max_length") && said["model_max_length"].is_number()) {
      const double length = said["model_max_length"].get<double>();
      nf::require(length >= 3, file.string(), {"model_max_length: ", length}, "3 or more");
      if (length <= most) length_ = static_cast<std::size_t>(length);
    }
  }
}

std::int32_t clip_tokenizer::id_of(const std::string& symbol, const std::string& what) const {
  const auto found = ids_.find(symbol);
  nf::require(found != ids_.end(), (folder_ / "vocab.json").string(),
              {"there is no \"", symbol, "\", which stands for ", what}, "the vocabulary of a CLIP tokenizer");
  return found->second;
}

void clip_tokenizer::append_word(std::string_view bytes, std::vector<std::int32_t>& to) const {
  std::vector<std::string> parts;
  parts.reserve(bytes.size());
  for (const char byte : bytes) parts.push_back(letters_[static_cast<unsigned char>(byte)]);
  parts.back() += end_of_word;
  while (parts.size() > 1) {
    std::size_t best = ranks_.size(), from = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found = ranks_.find(parts[i] + " " + parts[i + 1]);
      if (found != ranks_.end() && found->second < best) best = found->second, from = i;
    }
    if (best == ranks_.size()) break;
    // The pair is joined wherever it stands, from the left.
    const std::string left = parts[from], right = parts[from + 1];
    std::vector<std::string> joined;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool pair = i + 1 < parts.size() && parts[i] == left && parts[i + 1] == right;
      joined.push_back(pair ? left + right : parts[i]);
      i += pair ? 1 : 0;
    }
    parts = std::move(joined);
  }
  for (const std::string& part : parts) to.push_back(id_of(part, "what merges.txt joins"));
}

std::vector<std::int32_t> clip_tokenizer::pieces(std::string_view text, const std::string& where) const {
  const std::vector<char32_t> points = lower_case_of(code_points_of(text, where));
  std::vector<std::int32_t> ids;
  for (const piece& p : split(points)) {
    std::string bytes;
    for (std::size_t i = p.begin; i < p.end; ++i) append_utf8(bytes, points[i]);
    if (p.special)
      ids.push_back(id_of(bytes, "a special token"));
    else
      append_word(bytes, ids);
  }
  return ids;
}

tokens clip_tokenizer::operator()(std::string_view text, long_prompt too_long, const std::string& where) const {
  std::vector<std::int32_t> said = pieces(text, where);
  const std::size_t room = length_ - 2;
  tokens result;
  if (said.size() > room) {
    const auto end = said.begin() + static_cast<std::ptrdiff_t>(room);
    result.left_out = said.size() - room;
    result.rest = shown(text_of({end, said.end()}));
    nf::require(too_long == long_prompt::cut, where, {said.size(), " tokens; what does not fit: \"", result.rest, "\""},
                {"up to ", room, " tokens, or \"long_prompt\": \"cut\" (--cut)"});
    said.erase(end, said.end());
  }
  result.ids.assign(length_, padding_);
  result.ids[0] = start_;
  std::copy(said.begin(), said.end(), result.ids.begin() + 1);
  result.ids[said.size() + 1] = end_;
  return result;
}

std::string clip_tokenizer::text_of(const std::vector<std::int32_t>& ids) const {
  std::unordered_map<std::string, char> bytes;
  for (std::size_t byte = 0; byte < letters_.size(); ++byte) bytes.emplace(letters_[byte], static_cast<char>(byte));
  std::string text;
  for (const std::int32_t id : ids) {
    const auto found = symbols_.find(id);
    if (found == symbols_.end()) continue;
    std::string symbol = found->second;
    const bool last = symbol.ends_with(end_of_word);
    if (last) symbol.resize(symbol.size() - end_of_word.size());
    for (const char32_t c : code_points_of(symbol, folder_.string())) {
      std::string letter;
      append_utf8(letter, c);
      if (const auto byte = bytes.find(letter); byte != bytes.end()) text += byte->second;
    }
    if (last) text += ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace stable_diffusion
