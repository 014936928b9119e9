// Reads the layers of a network from a safetensors file, in the order in which evaluation wants their weights.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "layers.hpp"
#include "safetensors.hpp"

namespace examples {

/// The file must outlive it. Every function throws where the file has no such layer.
class layer_reader {
 public:
  using index = layers::index;
  using matrix = layers::matrix;
  using vector = layers::vector;
  using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  explicit layer_reader(const safetensors_file& file) : file_(file) {}

  /// The tensor with all extents but the first taken together.
  [[nodiscard]] Eigen::Map<const row_major> table(const std::string& name, std::initializer_list<index> shape) const {
    const std::vector<std::size_t> sizes(shape.begin(), shape.end());
    const auto& values = file_.at(name, sizes).values;
    const index rows = *shape.begin();
    return {values.data(), rows, static_cast<index>(values.size()) / rows};
  }

  [[nodiscard]] vector list(const std::string& name, index size) const { return table(name, {size}); }

  [[nodiscard]] layers::affine norm(const std::string& name, index channels) const {
    return {list(name + ".weight", channels), list(name + ".bias", channels)};
  }

  [[nodiscard]] layers::convolution dense(const std::string& name, index from, index to) const {
    return {table(name + ".weight", {to, from}), list(name + ".bias", to)};
  }

  /// [to, from, size, size] in the file becomes [to, size*size*from], which is the order of windows.
  [[nodiscard]] layers::convolution kernel(const std::string& name, index from, index to, index size) const {
    const auto stored = table(name + ".weight", {to, from, size, size});
    const index taps = size * size;
    matrix weight(to, taps * from);
    for (index tap = 0; tap < taps; ++tap) {
      for (index c = 0; c < from; ++c) weight.col(tap * from + c) = stored.col(c * taps + tap);
    }
    return {std::move(weight), list(name + ".bias", to)};
  }

 private:
  const safetensors_file& file_;
};

}  // namespace examples
