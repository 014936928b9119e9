// Error tables, and the sums that an interrupted measurement goes on from, as JSON: to the bit, both ways.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/fields.hpp>
#include <noisefall/core/error.hpp>
#include <noisefall/search/error_table.hpp>
#include <noisefall/search/measured_sums.hpp>

namespace noisefall {

namespace detail {

// JSON has no NaN: what is unknown is null.
inline nlohmann::json known_or_null(double value) {
  return std::isnan(value) ? nlohmann::json(nullptr) : nlohmann::json(value);
}
inline double number_or_unknown(const fields& from, std::string_view name) {
  return from.maybe_number(name, not_negative).value_or(std::numeric_limits<double>::quiet_NaN());
}
inline std::vector<double> numbers_or_none(const fields& from, std::string_view name) {
  return from.numbers(name, finite_number).value_or(std::vector<double>{});
}

// FNV-1a of a document as it is written, so that files say by which evidence they were made.
inline std::string hash_of(const nlohmann::json& document) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const char c : document.dump()) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  std::string text;
  for (int k = 60; k >= 0; k -= 4) text += "0123456789abcdef"[h >> k & 15];
  return text;
}

}  // namespace detail

// {"format": "noisefall error table", "version": 1, "samples", "branches", "holds_beyond",
//  "directions": [{"variance", "multiplicity"}, ...],
//  "levels": [{"sigma", "total", "excess", "mean", ...}, ...], "correlation": [...]}
inline nlohmann::json json_of(const error_table& table) {
  nlohmann::json directions = nlohmann::json::array(), levels = nlohmann::json::array();
  for (const data_direction& d : table.directions)
    directions.push_back({{"variance", d.variance}, {"multiplicity", d.multiplicity}});
  for (const level_errors& l : table.levels)
    levels.push_back({{"sigma", l.sigma},
                      {"total", l.total},
                      {"excess", detail::known_or_null(l.excess)},
                      {"mean", l.mean},
                      {"total_deviation", detail::known_or_null(l.total_deviation)},
                      {"excess_deviation", detail::known_or_null(l.excess_deviation)},
                      {"total_along", l.total_along},
                      {"excess_along", l.excess_along},
                      {"branch_total", l.branch_total},
                      {"branch_excess", l.branch_excess}});
  return {{"format", "noisefall error table"},  {"version", 1},
          {"samples", table.samples},           {"branches", table.branches},
          {"holds_beyond", table.holds_beyond}, {"directions", std::move(directions)},
          {"levels", std::move(levels)},        {"correlation", table.correlation}};
}

inline error_table load_error_table(const nlohmann::json& from, const std::string& pointer = {}) {
  const fields in{from, pointer};
  in.allow_only({"format", "version", "samples", "branches", "holds_beyond", "directions", "levels", "correlation"});
  if (in.choice("format", "", {"noisefall error table"}).empty()) in.refuse("format", "noisefall error table");
  in.integer("version", 1, 1, 1);
  error_table table;
  table.samples = static_cast<std::size_t>(in.integer("samples", 0, 0));
  table.branches = static_cast<std::size_t>(in.integer("branches", 1, 1, 6));
  table.holds_beyond = in.boolean("holds_beyond", false);
  table.correlation = detail::numbers_or_none(in, "correlation");
  const auto list = [&](std::string_view name) -> const nlohmann::json& {
    if (!in.has(name) || !in.value(name).is_array()) in.refuse(name, "a list of objects");
    return in.value(name);
  };
  table.directions.clear();
  for (std::size_t i = 0; i < list("directions").size(); ++i) {
    const fields one{list("directions")[i], in.at("directions") + "/" + std::to_string(i)};
    one.allow_only({"variance", "multiplicity"});
    table.directions.push_back({one.number("variance", 1, not_negative), one.number("multiplicity", 1, positive)});
  }
  for (std::size_t i = 0; i < list("levels").size(); ++i) {
    const fields one{list("levels")[i], in.at("levels") + "/" + std::to_string(i)};
    one.allow_only({"sigma", "total", "excess", "mean", "total_deviation", "excess_deviation", "total_along",
                    "excess_along", "branch_total", "branch_excess"});
    for (const char* name : {"sigma", "total"})
      if (!one.has(name)) one.refuse(name, "a number");
    level_errors l;
    l.sigma = one.number("sigma", 0, positive);
    l.total = one.number("total", 0, not_negative);
    l.excess = detail::number_or_unknown(one, "excess");
    l.mean = one.number("mean", 0, finite_number);
    l.total_deviation = detail::number_or_unknown(one, "total_deviation");
    l.excess_deviation = detail::number_or_unknown(one, "excess_deviation");
    l.total_along = detail::numbers_or_none(one, "total_along");
    l.excess_along = detail::numbers_or_none(one, "excess_along");
    l.branch_total = detail::numbers_or_none(one, "branch_total");
    l.branch_excess = detail::numbers_or_none(one, "branch_excess");
    table.levels.push_back(std::move(l));
  }
  try {
    table.check();
  } catch (const error& e) {
    throw error{(pointer.empty() ? "/" : pointer) + ": " + e.where(), e.problem(), e.allowed()};
  }
  return table;
}

inline nlohmann::json json_of(const measured_sums& of) {
  return {
      {"format", "noisefall measured sums"}, {"version", 1},   {"samples", of.samples}, {"sample_size", of.sample_size},
      {"has_reference", of.has_reference},   {"sums", of.sums}};
}
inline measured_sums load_measured_sums(const nlohmann::json& from, const std::string& pointer = {}) {
  const fields in{from, pointer};
  in.allow_only({"format", "version", "samples", "sample_size", "has_reference", "sums"});
  if (in.choice("format", "", {"noisefall measured sums"}).empty()) in.refuse("format", "noisefall measured sums");
  in.integer("version", 1, 1, 1);
  return {static_cast<std::size_t>(in.integer("samples", 0, 0)),
          static_cast<std::size_t>(in.integer("sample_size", 0, 0)), in.boolean("has_reference", false),
          detail::numbers_or_none(in, "sums")};
}

}  // namespace noisefall
