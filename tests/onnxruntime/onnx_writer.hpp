// Writes small ONNX files: the few messages of the format that the tests' networks are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <noisefall/adapters/network_array.hpp>

namespace onnx {

namespace nf = noisefall;

// A message of protocol buffers: fields by number.
class protobuf {
 public:
  protobuf& whole(unsigned field, std::int64_t value) {
    varint(field << 3);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  protobuf& text(unsigned field, const std::string& value) {
    varint(field << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  protobuf& message(unsigned field, const protobuf& value) { return text(field, value.bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value > 127; value >>= 7) bytes_ += static_cast<char>((value & 127) | 128);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

// An extent by number, or any of this name.
using extent = std::variant<std::int64_t, std::string>;

inline std::int64_t code(nf::element_type type) {
  switch (type) {
    case nf::element_type::float32:
      return 1;
    case nf::element_type::uint8:
      return 2;
    case nf::element_type::int32:
      return 6;
    case nf::element_type::int64:
      return 7;
    case nf::element_type::boolean:
      return 9;
    case nf::element_type::float16:
      return 10;
    case nf::element_type::float64:
      return 11;
    default:
      return 16;  // bfloat16
  }
}

// graph g; g.input(...).node(...).output(...).save(file)
class graph {
 public:
  graph& input(const std::string& name, nf::element_type type, const std::vector<extent>& extents) {
    graph_.message(11, value(name, type, extents));
    return *this;
  }
  graph& output(const std::string& name, nf::element_type type, const std::vector<extent>& extents) {
    graph_.message(12, value(name, type, extents));
    return *this;
  }
  graph& constant(const std::string& name, const std::vector<float>& values, const std::vector<std::int64_t>& extents) {
    return initializer(name, 1, values, extents);
  }
  graph& constant(const std::string& name, const std::vector<std::int64_t>& values) {
    return initializer(name, 7, values, {static_cast<std::int64_t>(values.size())});
  }
  // Attributes are whole numbers.
  graph& node(const std::string& kind, const std::vector<std::string>& inputs, const std::string& output,
              const std::vector<std::pair<std::string, std::int64_t>>& attributes = {}) {
    protobuf n;
    for (const std::string& name : inputs) n.text(1, name);
    n.text(2, output).text(3, output).text(4, kind);
    for (const auto& [name, number] : attributes) n.message(5, protobuf{}.text(1, name).whole(3, number).whole(20, 2));
    nodes_.push_back(n);
    return *this;
  }
  graph& cast(const std::string& from, const std::string& to, nf::element_type type) {
    return node("Cast", {from}, to, {{"to", code(type)}});
  }
  void save(const std::filesystem::path& file) const {
    protobuf whole_graph;
    for (const protobuf& n : nodes_) whole_graph.message(1, n);
    const std::string all = protobuf{}
                                .whole(1, 8)
                                .text(7, whole_graph.bytes() + protobuf{}.text(2, "test").bytes() + graph_.bytes())
                                .message(8, protobuf{}.text(1, "").whole(2, 13))
                                .bytes();
    std::ofstream{file, std::ios::binary} << all;
  }

 private:
  static protobuf value(const std::string& name, nf::element_type type, const std::vector<extent>& extents) {
    protobuf shape;
    for (const extent& e : extents) {
      protobuf dimension;
      if (const auto* number = std::get_if<std::int64_t>(&e))
        dimension.whole(1, *number);
      else
        dimension.text(2, std::get<std::string>(e));
      shape.message(1, dimension);
    }
    const protobuf tensor = protobuf{}.whole(1, code(type)).message(2, shape);
    return protobuf{}.text(1, name).message(2, protobuf{}.message(1, tensor));
  }
  template <class T>
  graph& initializer(const std::string& name, std::int64_t type, const std::vector<T>& values,
                     const std::vector<std::int64_t>& extents) {
    protobuf tensor;
    for (const std::int64_t e : extents) tensor.whole(1, e);
    std::string raw(values.size() * sizeof(T), '\0');
    std::memcpy(raw.data(), values.data(), raw.size());
    graph_.message(5, tensor.whole(2, type).text(8, name).text(9, raw));
    return *this;
  }

  protobuf graph_;
  std::vector<protobuf> nodes_;
};

}  // namespace onnx
