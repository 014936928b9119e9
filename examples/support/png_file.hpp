// PNG files: read, and written with a text inside.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <noisefall/adapters/png.hpp>

namespace examples {

namespace nf = noisefall;

/// Grey or RGB, 8 bits each: colours of a palette are resolved, 16 bits become 8, what is transparent shows its colour.
/// Throws noisefall::error with the file's name on what is damaged or no PNG file, and on interlaced ones.
nf::picture read_png(const std::filesystem::path& file);

/// The text under `keyword` (iTXt, or tEXt), if there is one. Throws on what is no PNG file.
std::optional<std::string> read_png_text(const std::filesystem::path& file, const std::string& keyword);

/// nf::write_png, with a text in UTF-8 (iTXt).
void write_png_with_text(const std::filesystem::path& file, const nf::picture& image, const std::string& keyword,
                         const std::string& text);

}  // namespace examples
