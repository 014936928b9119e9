// CLIP's tokens: against a tokenizer in Python (examples/stable_diffusion/clip_bpe.py), and by hand.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/json_reader.hpp>

#include "../../examples/stable_diffusion/clip_tokenizer.hpp"
#include "../../examples/stable_diffusion/unicode.hpp"
#include "catch.hpp"
#include "message_of.hpp"

using stable_diffusion::clip_tokenizer;
using stable_diffusion::long_prompt;

namespace {

const std::filesystem::path data = NOISEFALL_EXAMPLES_DATA;
const std::filesystem::path folder = data / "miniature_sd" / "tokenizer";

// A copy of the tokenizer's folder, for changes.
std::filesystem::path copied(const char* name) {
  const auto to = std::filesystem::temp_directory_path() / ("noisefall_tokenizer_" + std::string{name});
  std::filesystem::remove_all(to);
  std::filesystem::copy(folder, to);
  return to;
}

std::string lower(const std::string& text) {
  std::string result;
  for (const char32_t c : stable_diffusion::lower_case_of(stable_diffusion::code_points_of(text, "test")))
    stable_diffusion::append_utf8(result, c);
  return result;
}

}  // namespace

TEST_CASE("Prompts have the tokens that a tokenizer in Python gives them", "[stable_diffusion]") {
  const clip_tokenizer tokenizer{folder};
  const nlohmann::json record = noisefall::read_json(NOISEFALL_SD_RECORD "/record.json");
  REQUIRE(record["tokens"].size() >= 8);
  for (const auto& entry : record["tokens"]) {
    const std::string text = entry["text"].get<std::string>();
    INFO(text);
    CHECK(tokenizer.pieces(text) == entry["pieces"].get<std::vector<std::int32_t>>());
  }
}

TEST_CASE("A vocabulary of three merges is applied by hand", "[stable_diffusion]") {
  const auto to = copied("by_hand");
  std::ofstream{to / "merges.txt"} << "#version: 0.2\nl o\nlo w</w>\ne r</w>\n";
  nlohmann::json ids = noisefall::read_json(to / "vocab.json");
  const auto id = [&](const char* symbol) { return ids.at(symbol).get<std::int32_t>(); };
  ids["lo"] = 1000;
  ids["low</w>"] = 1001;
  ids["er</w>"] = 1002;
  std::ofstream{to / "vocab.json"} << ids;
  const clip_tokenizer tokenizer{to};
  CHECK(tokenizer.pieces("Low") == std::vector<std::int32_t>{1001});
  CHECK(tokenizer.pieces("lower") == std::vector<std::int32_t>{1000, id("w"), 1002});
  // "lo w</w>" needs the end of the word, and "l o" comes before it.
  CHECK(tokenizer.pieces("lolo") == std::vector<std::int32_t>{1000, id("l"), id("o</w>")});
  CHECK(tokenizer.pieces("we'll 42") ==
        std::vector<std::int32_t>{id("w"), id("e</w>"), id("'"), id("l"), id("l</w>"), id("4</w>"), id("2</w>")});
  CHECK(tokenizer.pieces("a\xC3\xA9") == std::vector<std::int32_t>{id("a"), id("\xC3\x83"), id("\xC2\xA9</w>")});
  const auto ids_of_low = tokenizer("low").ids;
  REQUIRE(ids_of_low.size() == 77);
  CHECK(ids_of_low[0] == id("<|startoftext|>"));
  CHECK(ids_of_low[1] == 1001);
  CHECK(ids_of_low[2] == id("<|endoftext|>"));
  CHECK(ids_of_low[76] == id("<|endoftext|>"));
}

TEST_CASE("Padding and length are those of the tokenizer's files", "[stable_diffusion]") {
  const auto to = copied("padding");
  std::ofstream{to / "special_tokens_map.json"} << R"({"pad_token": {"content": "!", "lstrip": false}})";
  std::ofstream{to / "tokenizer_config.json"} << R"({"model_max_length": 10, "pad_token": "<|endoftext|>"})";
  const auto ids = clip_tokenizer{to}("fox").ids;
  CHECK(ids.size() == 10);
  CHECK(ids.back() == 0);
  std::filesystem::remove(to / "special_tokens_map.json");
  std::ofstream{to / "tokenizer_config.json"} << R"({"model_max_length": 1e30})";
  CHECK(clip_tokenizer{to}("fox").ids.size() == 77);
}

TEST_CASE("A prompt that is too long is refused with what does not fit, or cut and told", "[stable_diffusion]") {
  const clip_tokenizer tokenizer{folder};
  std::string text;
  for (int i = 0; i < 76; ++i) text += "7 ";
  text += "fox";
  const std::size_t of_fox = tokenizer.pieces("fox").size();
  CHECK(message_of([&] { tokenizer(text, long_prompt::refused, "/prompt"); }) ==
        "/prompt: " + std::to_string(76 + of_fox) +
            " tokens; what does not fit: \"7 fox\"; allowed: up to 75 tokens, or \"long_prompt\": \"cut\" (--cut)");
  const stable_diffusion::tokens cut = tokenizer(text, long_prompt::cut);
  CHECK(cut.left_out == 1 + of_fox);
  CHECK(cut.rest == "7 fox");
  CHECK(cut.ids.size() == 77);
  CHECK(cut.ids[75] == cut.ids[1]);
  CHECK(tokenizer(text.substr(0, 150)).left_out == 0);  // 75 of them fit
}

TEST_CASE("Text is put into lower case as Unicode says", "[stable_diffusion]") {
  CHECK(lower("FoX \xC3\x84\xC3\x9F") == "fox \xC3\xA4\xC3\x9F");
  CHECK(lower("\xD0\x9C\xD0\xAF") == "\xD0\xBC\xD1\x8F");
  CHECK(lower("\xC4\xB0") == "i\xCC\x87");                                   // a capital I with a dot
  CHECK(lower("\xCE\xA3\xCE\xA3 \xCE\xA3") == "\xCF\x83\xCF\x82 \xCF\x83");  // sigmas: one ends a word
  CHECK(lower("\xC4\x80\xC4\x81\xC4\x82") == "\xC4\x81\xC4\x81\xC4\x83");
}

TEST_CASE("A tokenizer's wrong files are refused by name", "[stable_diffusion]") {
  const auto to = copied("wrong");
  CHECK(message_of([&] { clip_tokenizer{folder}.pieces("a\xC3 b"); }) ==
        "prompt: byte 1 is none of UTF-8; allowed: text in UTF-8");
  std::ofstream{to / "merges.txt"} << "#version: 0.2\na b c\n";
  CHECK(message_of([&] { clip_tokenizer{to}; }) ==
        (to / "merges.txt").string() + ": line 2: \"a b c\"; allowed: two symbols and a space between them");
  std::ofstream{to / "merges.txt"} << "q z\n";
  CHECK(
      message_of([&] { clip_tokenizer{to}.pieces("qzq"); }) ==
      (to / "vocab.json").string() +
          ": there is no \"qz\", which stands for what merges.txt joins; allowed: the vocabulary of a CLIP tokenizer");
  std::filesystem::remove(to / "merges.txt");
  CHECK(message_of([&] { clip_tokenizer{to}; }) ==
        (to / "merges.txt").string() + ": there is no such file; allowed: a file that can be read");
  std::ofstream{to / "vocab.json"} << R"({"a": -1})";
  CHECK(message_of([&] { clip_tokenizer{to}; }) ==
        (to / "vocab.json").string() + ": \"a\": -1; allowed: whole numbers from 0");
}
