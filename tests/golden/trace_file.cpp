#include "golden/trace_file.hpp"

#include <array>
#include <limits>
#include <memory>
#include <stdexcept>

#include <zlib.h>

#include <noisefall/config/json_reader.hpp>

namespace noisefall::golden {

using nlohmann::json;

json parse_trace(std::string_view text, const std::string& source) {
  json content = parse_json(text, source);  // which bounds how deep flat() and dump() have to go
  const auto format = content.is_object() ? content.find("format") : content.end();
  if (format == content.end() || *format != "diffusion-golden-1")
    throw std::runtime_error{source + ": is not of format diffusion-golden-1"};
  return content;
}

json read_trace_file(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file{gzopen(path.c_str(), "rb"), gzclose};
  if (!file) throw std::runtime_error{path + ": cannot be opened"};
  std::string text;
  static std::array<char, 1 << 16> block;
  int got = 0;
  while ((got = gzread(file.get(), block.data(), static_cast<unsigned>(block.size()))) > 0)
    text.append(block.data(), static_cast<std::size_t>(got));
  if (got < 0 || !gzeof(file.get())) throw std::runtime_error{path + ": cannot be read to its end"};
  return parse_trace(text, path);
}

double number(const json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
    if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  }
  if (!value.is_number()) throw std::runtime_error{"a number was expected, not " + value.dump()};
  return value.get<double>();
}

std::vector<double> numbers(const json& list) {
  if (!list.is_array()) throw std::runtime_error{"a list of numbers was expected, not " + list.dump().substr(0, 40)};
  std::vector<double> result;
  result.reserve(list.size());
  for (const json& value : list) result.push_back(number(value));
  return result;
}

std::vector<double> flat(const json& nested) {
  if (!nested.is_array()) return {number(nested)};
  std::vector<double> result;
  for (const json& inner : nested) {
    if (inner.is_array()) {
      const std::vector<double> values = flat(inner);
      result.insert(result.end(), values.begin(), values.end());
    } else {
      result.push_back(number(inner));
    }
  }
  return result;
}

json with_numbers(json object) {
  for (json& value : object)
    if (value == "inf" || value == "-inf" || value == "nan") value = number(value);
  return object;
}

bool has(const json& object, const std::string& key) {
  const auto it = object.find(key);
  return it != object.end() && !it->is_null();
}

}  // namespace noisefall::golden
