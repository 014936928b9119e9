// What the parts of examples/diversity share: the arguments, and where results go.
#pragma once

#include <cstddef>
#include <cstdio>
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

/// What a part found, in the order in which it stands in the JSON report.
using report = nlohmann::ordered_json;

inline void write_picture(const settings& s, const std::string& name, const noisefall::picture& drawn) {
  noisefall::write_png(s.out / name, drawn);
  std::printf("wrote %s\n", (s.out / name).string().c_str());
}

}  // namespace diversity
