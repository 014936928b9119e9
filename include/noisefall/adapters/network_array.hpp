// Arrays as networks of other libraries take and give them: element types, extents, names. Plain C++17, so that a library
// which no compiler takes as C++20 can stand behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace noisefall {

// `unknown`: the network does not say.
enum class element_type : std::uint8_t {
  unknown,
  float32,
  float64,
  float16,
  bfloat16,
  int64,
  int32,
  uint8,
  boolean,
};

inline const char* name_of(element_type type) {
  static constexpr const char* names[] = {"any type", "float32", "float64", "float16", "bfloat16",
                                          "int64",    "int32",   "uint8",   "boolean"};
  return names[static_cast<std::size_t>(type)];
}
inline std::size_t size_of(element_type type) {
  static constexpr std::size_t sizes[] = {0, 4, 8, 2, 2, 8, 4, 1, 1};
  return sizes[static_cast<std::size_t>(type)];
}
inline bool is_floating(element_type type) { return type >= element_type::float32 && type <= element_type::bfloat16; }

// One input or output as the network declares it.
struct array_info {
  std::string name;
  element_type type = element_type::unknown;
  bool any_rank = false;               // then there are no extents
  std::vector<std::int64_t> extents;   // -1: any
  std::vector<std::string> symbols{};  // the names of such extents, where they have one: "batch"; else empty
  bool optional = false;               // the network goes without
};

// An array in someone's memory, contiguous. data is null for an optional input that is left out.
struct array_ref {
  element_type type = element_type::unknown;
  std::vector<std::int64_t> extents{};
  void* data = nullptr;
};

// "[2, 4, 64, 64]"
inline std::string to_string(const std::vector<std::int64_t>& extents) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < extents.size(); ++axis)
    text += (axis != 0 ? ", " : "") + std::to_string(extents[axis]);
  return text + "]";
}

// "float32 [batch, 4, any, any]"
inline std::string to_string(const array_info& of) {
  std::string text = name_of(of.type);
  if (of.any_rank) return text + " of any shape";
  text += " [";
  for (std::size_t axis = 0; axis < of.extents.size(); ++axis) {
    if (axis != 0) text += ", ";
    if (of.extents[axis] >= 0)
      text += std::to_string(of.extents[axis]);
    else
      text += axis < of.symbols.size() && !of.symbols[axis].empty() ? of.symbols[axis] : "any";
  }
  return text + "]";
}

// "'sample' float32 [batch, 4, any, any], 'timestep' int64 [batch]"
inline std::string to_string(const std::vector<array_info>& of) {
  std::string text;
  for (const array_info& info : of) text += (text.empty() ? "'" : ", '") + info.name + "' " + to_string(info);
  return text;
}

}  // namespace noisefall
