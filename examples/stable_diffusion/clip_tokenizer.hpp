// CLIP's tokenizer: text as the numbers of its pieces, by a vocab.json and a merges.txt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stable_diffusion {

/// What becomes of a prompt with more tokens than the text encoder takes.
enum class long_prompt : std::uint8_t { refused, cut };

/// A prompt as the text encoder takes it.
struct tokens {
  std::vector<std::int32_t> ids;  // start, the prompt, end, padding: as many as the encoder takes
  std::size_t left_out = 0;       // tokens of the prompt that were cut
  std::string rest{};             // what they say, at most the first 60 bytes
};

/// Byte pair encoding (Sennrich et al. 2016, arXiv:1508.07909) of the bytes of words, as CLIP does it (Radford et al.
/// 2021, arXiv:2103.00020): text in lower case, with single spaces, is split into the special tokens, the endings 's 't
/// 're 've 'm 'll 'd, runs of letters, single digits, and runs of what is neither those nor space; the bytes of a piece
/// are joined pair by pair, in the order of merges.txt; the last symbol of a piece carries "</w>". Letters, digits and
/// lower case are Unicode's. Text is taken as it is otherwise: it is not normalised, and HTML's entities are not
/// resolved.
class clip_tokenizer {
 public:
  /// A folder with vocab.json and merges.txt; tokenizer_config.json and special_tokens_map.json are read where they are
  /// there: what pads (else <|endoftext|>), and the length (else 77). Throws noisefall::error that names the file.
  explicit clip_tokenizer(const std::filesystem::path& folder);

  std::size_t length() const { return length_; }
  std::size_t size() const { return ids_.size(); }

  /// The pieces of a text, without start, end and padding. Throws on text that is not UTF-8.
  std::vector<std::int32_t> pieces(std::string_view text, const std::string& where = "prompt") const;

  /// Throws noisefall::error, with `where` and what does not fit, if the prompt is too long and that is refused.
  tokens operator()(std::string_view text, long_prompt too_long = long_prompt::refused,
                    const std::string& where = "prompt") const;

  /// What tokens say, with a space after each word.
  std::string text_of(const std::vector<std::int32_t>& ids) const;

 private:
  std::int32_t id_of(const std::string& symbol, const std::string& what) const;
  void append_word(std::string_view bytes, std::vector<std::int32_t>& to) const;

  std::filesystem::path folder_;
  std::unordered_map<std::string, std::int32_t> ids_;
  std::unordered_map<std::int32_t, std::string> symbols_;
  std::unordered_map<std::string, std::size_t> ranks_;  // of "left right"
  std::vector<std::string> letters_;                    // the character that stands for a byte
  std::size_t length_ = 77;
  std::int32_t start_ = 0, end_ = 0, padding_ = 0;
};

}  // namespace stable_diffusion
