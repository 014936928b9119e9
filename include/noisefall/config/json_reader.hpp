// Reads JSON text and files; what is wrong is said with its line and column. Objects are read with fields.hpp.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/core/error.hpp>

namespace noisefall {

// How deep lists and objects may stand in each other: looking at a value takes a call per level.
inline constexpr int most_json_levels = 100;

// Strict JSON: no comments, no trailing commas, no name twice in one object. `source` stands first in messages.
inline nlohmann::json parse_json(std::string_view text, const std::string& source) {
  using event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> names;  // of the objects that are open
  const auto once = [&](int depth, event what, nlohmann::json& parsed) {
    if (depth >= most_json_levels && (what == event::object_start || what == event::array_start))
      throw error{source, "lists and objects stand too deep in each other", {most_json_levels, " levels"}};
    if (what == event::object_start) names.emplace_back();
    if (what == event::object_end) names.pop_back();
    if (what == event::key && !names.back().insert(parsed.get<std::string>()).second)
      throw error{source, "\"" + parsed.get<std::string>() + "\" stands twice in one object", "each name once"};
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), once);
  } catch (const nlohmann::json::exception& e) {
    std::string what = e.what();
    const std::size_t line = what.find("line "), kind = what.find("] ");
    what.erase(0, line != std::string::npos ? line : kind != std::string::npos ? kind + 2 : 0);
    throw error{source, "this is not JSON: " + what, ""};
  }
}

inline std::string read_text(const std::filesystem::path& file) {
  std::error_code ignored;
  const bool readable = std::filesystem::exists(file, ignored) && !std::filesystem::is_directory(file, ignored);
  std::ifstream in{file, std::ios::binary};
  require(readable && in, file.string(),
          std::filesystem::is_directory(file, ignored) ? "is a folder"
          : readable                                   ? "cannot be read"
                                                       : "there is no such file",
          "a file that can be read");
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline nlohmann::json read_json(const std::filesystem::path& file) {
  return parse_json(read_text(file), file.string());
}

}  // namespace noisefall
