// What the parts of a job share in reading it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/config/fields.hpp>
#include <noisefall/core/error.hpp>

namespace examples {

namespace nf = noisefall;

/// A list of whole numbers below `end`, as a JSON field; `otherwise` where there is none.
inline std::vector<std::size_t> indices(const nf::fields& from, std::string_view name, std::size_t end,
                                        std::vector<std::size_t> otherwise) {
  if (!from.has(name)) return otherwise;
  const std::string allowed = "whole numbers from 0 to " + std::to_string(end - 1);
  const nlohmann::json& list = from.value(name);
  if (!list.is_array() || list.empty()) from.refuse(name, "a list of " + allowed + ", one or more");
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list[i].is_number_unsigned() || list[i].get<std::uint64_t>() >= end)
      throw nf::error{from.at(name) + "/" + std::to_string(i), nf::fields::shown(list[i]), allowed};
    result.push_back(list[i].get<std::size_t>());
  }
  return result;
}

}  // namespace examples
