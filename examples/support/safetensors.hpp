// Reads the F16 and F32 tensors of a safetensors file into floats, by name, and checks the file on the way.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace examples {

/// One tensor: row-major values, first extent outermost.
struct float_tensor {
  std::vector<std::size_t> shape;
  std::vector<float> values;
};

/// The whole file in memory, every value widened to float.
///
/// Layout of the format: 8 bytes little-endian length N, N bytes of JSON
/// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, ..., "__metadata__"?}, then the data, without gaps.
class safetensors_file {
 public:
  explicit safetensors_file(const std::filesystem::path& file) : name_(file.string()) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error(name_ + ": cannot be opened for reading");
    const std::vector<char> chars{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    parse(std::as_bytes(std::span(chars)));
  }

  [[nodiscard]] const std::map<std::string, float_tensor, std::less<>>& tensors() const { return tensors_; }

  /// The tensor of that name; its shape must be the one the caller was written for.
  [[nodiscard]] const float_tensor& at(std::string_view tensor, const std::vector<std::size_t>& shape) const {
    const auto found = tensors_.find(tensor);
    if (found == tensors_.end()) {
      throw std::runtime_error(name_ + ": tensor '" + std::string(tensor) +
                               "' is missing; it must be there with shape " + text_of(shape));
    }
    if (found->second.shape != shape) {
      fail(tensor, "has shape " + text_of(found->second.shape) + "; allowed is " + text_of(shape));
    }
    return found->second;
  }

 private:
  void parse(std::span<const std::byte> file) {
    constexpr std::size_t prefix = 8;
    if (file.size() < prefix) {
      throw std::runtime_error(name_ + ": " + std::to_string(file.size()) +
                               " bytes are no safetensors file; it starts with 8 bytes, the length of its header");
    }
    const std::uint64_t length = little_endian(file.first(prefix));
    if (length > file.size() - prefix) {
      throw std::runtime_error(name_ + ": the header should have " + std::to_string(length) + " bytes, but only " +
                               std::to_string(file.size() - prefix) +
                               " follow its length; the file is truncated or no safetensors file");
    }
    const auto text = file.subspan(prefix, static_cast<std::size_t>(length));
    const auto data = file.subspan(prefix + text.size());
    const auto* chars = reinterpret_cast<const char*>(text.data());
    const auto header = nlohmann::json::parse(chars, chars + text.size(), nullptr, false);
    if (!header.is_object())
      throw std::runtime_error(name_ + ": the header is not a JSON object, so this is no safetensors file");

    std::size_t covered = 0;
    for (const auto& [tensor, entry] : header.items()) {
      if (tensor == "__metadata__") continue;
      covered = std::max(covered, read(tensor, entry, data));
    }
    if (covered != data.size()) {
      throw std::runtime_error(name_ + ": " + std::to_string(data.size() - covered) +
                               " bytes follow the last tensor; none may");
    }
  }

  /// Stores one tensor and returns where its bytes end.
  std::size_t read(const std::string& tensor, const nlohmann::json& entry, std::span<const std::byte> data) {
    const auto member = [&](const char* key) {
      return entry.is_object() && entry.contains(key) ? entry.at(key) : nlohmann::json();
    };
    const auto dtype = member("dtype");
    const std::size_t width = dtype == "F16" ? 2 : dtype == "F32" ? 4 : 0;
    if (width == 0) fail(tensor, "has dtype " + dtype.dump() + "; allowed are \"F16\" and \"F32\"");

    float_tensor result{sizes(tensor, "shape", member("shape")), {}};
    const auto offsets = sizes(tensor, "data_offsets", member("data_offsets"));
    if (offsets.size() != 2 || offsets[0] > offsets[1]) {
      fail(tensor, "has data_offsets " + text_of(offsets) + "; allowed is [begin, end] with begin <= end");
    }
    if (offsets[1] > data.size()) {
      fail(tensor, "ends at byte " + std::to_string(offsets[1]) + " of the data, but the file holds only " +
                       std::to_string(data.size()) + "; the file is truncated");
    }
    const auto bytes = data.subspan(offsets[0], offsets[1] - offsets[0]);
    // Dividing what is there, rather than multiplying what is claimed, cannot overflow.
    std::size_t left = bytes.size() / width;
    bool fits = bytes.size() % width == 0;
    if (std::ranges::find(result.shape, std::size_t{0}) != result.shape.end()) {
      fits = bytes.empty();
    } else {
      for (const std::size_t extent : result.shape) {
        fits = fits && left % extent == 0;
        left /= extent;
      }
      fits = fits && left == 1;
    }
    if (!fits) {
      fail(tensor, "has " + std::to_string(bytes.size()) + " bytes, which is not shape " + text_of(result.shape) +
                       " of " + std::to_string(width) + " bytes each");
    }
    result.values.reserve(bytes.size() / width);
    for (std::size_t at = 0; at < bytes.size(); at += width) {
      const auto bits = static_cast<std::uint32_t>(little_endian(bytes.subspan(at, width)));
      result.values.push_back(width == 4 ? std::bit_cast<float>(bits) : from_half(bits));
    }
    tensors_.insert_or_assign(tensor, std::move(result));
    return offsets[1];
  }

  std::vector<std::size_t> sizes(std::string_view tensor, const std::string& key, const nlohmann::json& list) const {
    const bool valid =
        list.is_array() && std::ranges::all_of(list, [](const auto& item) { return item.is_number_unsigned(); });
    if (!valid) fail(tensor, "has " + key + " " + list.dump() + "; allowed is a list of whole numbers from 0");
    return list.get<std::vector<std::size_t>>();
  }

  [[noreturn]] void fail(std::string_view tensor, const std::string& what) const {
    throw std::runtime_error(name_ + ": tensor '" + std::string(tensor) + "' " + what);
  }

  static std::uint64_t little_endian(std::span<const std::byte> bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
    return value;
  }

  /// IEEE binary16; exact, every half is a float.
  static float from_half(std::uint32_t half) {
    const std::uint32_t sign = (half & 0x8000U) << 16;
    const std::uint32_t exponent = half >> 10 & 0x1FU;
    const std::uint32_t fraction = half & 0x3FFU;
    if (exponent == 0)
      return std::copysign(std::ldexp(static_cast<float>(fraction), -24), std::bit_cast<float>(sign | 1U));
    if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13);
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  }

  static std::string text_of(const std::vector<std::size_t>& list) {
    std::string text = "[";
    for (const std::size_t size : list) {
      if (text.size() > 1) text += ',';
      text += std::to_string(size);
    }
    return text + ']';
  }

  std::string name_;
  std::map<std::string, float_tensor, std::less<>> tensors_;
};

}  // namespace examples
