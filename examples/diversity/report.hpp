// What the parts of examples/diversity share: the arguments, and where results go.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include <noisefall/adapters/png.hpp>

namespace diversity {

struct settings {
  bool quick = false;
  std::filesystem::path out = ".";
  std::size_t threads = 1;
};

/// A number that ctest can hold to bounds, and the JSON report keeps.
using report = nlohmann::ordered_json;

inline void write_picture(const settings& s, const std::string& name, const noisefall::picture& drawn) {
  noisefall::write_png(s.out / name, drawn);
  std::printf("wrote %s\n", (s.out / name).string().c_str());
}

}  // namespace diversity
