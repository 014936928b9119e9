// Reads files of recorded runs ("diffusion-golden-1"), plain or gzip.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace noisefall::golden {

// Throws if the file cannot be read, is not JSON (parse_json's kind: no name twice, 100 levels deep at most), or is not
// of this format.
nlohmann::json read_trace_file(const std::string& path);
nlohmann::json parse_trace(std::string_view text, const std::string& source);

// These throw std::exception on what is no number or no list.
// Non-finite numbers are written as the strings "nan", "inf", "-inf".
double number(const nlohmann::json& value);
std::vector<double> numbers(const nlohmann::json& list);

// The numbers of a list of lists (of lists ...), row-major.
std::vector<double> flat(const nlohmann::json& nested);

// The same object with those strings as numbers.
nlohmann::json with_numbers(nlohmann::json object);

// Whether a key is there and not null.
bool has(const nlohmann::json& object, const std::string& key);

}  // namespace noisefall::golden
