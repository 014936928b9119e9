// The classifier of examples/digits/classifier.py by hand, and the real digits that it never saw: what generated digits
// are measured with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <noisefall/core/error.hpp>
#include <noisefall/tensor/tensor.hpp>

#include "layer_reader.hpp"
#include "layers.hpp"
#include "png_file.hpp"
#include "safetensors.hpp"

namespace examples {

namespace nf = noisefall;

/// Which digit an image shows, and 32 features of it: the last layer but one, before its SiLU.
class digit_classifier {
 public:
  static constexpr std::size_t features = 32, classes = 10, side = 28, pixels = side * side;

  explicit digit_classifier(const std::filesystem::path& weights) {
    const safetensors_file file(weights);
    const layer_reader in(file);
    first_ = in.kernel("c1", 1, 16, 3);
    second_ = in.kernel("c2", 16, 32, 3);
    third_ = in.kernel("c3", 32, 32, 3);
    to_features_ = in.dense("f", 512, features);
    to_logits_ = in.dense("y", features, classes);
  }

  struct judged {
    nf::tensor<float> features;   // [B,32]
    std::vector<float> logits{};  // [B,10]
    std::size_t label(std::size_t i) const {
      const auto own = logits.begin() + static_cast<std::ptrdiff_t>(i * classes);
      return static_cast<std::size_t>(std::max_element(own, own + classes) - own);
    }
  };

  /// images [B,1,28,28], background -1 and ink 1.
  judged operator()(std::span<const float> images) {
    const std::size_t count = images.size() / pixels;
    judged result{nf::tensor<float>({count, features}), std::vector<float>(count * classes)};
    layers::vector found(features);
    for (std::size_t i = 0; i < count; ++i) {
      layers::pad(Eigen::Map<const layers::matrix>(images.data() + i * pixels, 1, pixels), 28, 28, padded_);
      halve(first_, 14);
      halve(second_, 7);
      halve(third_, 4);
      found = to_features_.weight * Eigen::Map<const layers::vector>(image_.data(), 512) + to_features_.bias;
      std::copy_n(found.data(), features, result.features.data() + i * features);
      auto active = found.array();
      layers::silu(active);
      Eigen::Map<layers::vector>(result.logits.data() + i * classes, classes) =
          to_logits_.weight * found + to_logits_.bias;
    }
    return result;
  }

 private:
  /// The padded image becomes that of size*size after a convolution of stride 2 and SiLU.
  void halve(const layers::convolution& by, layers::index size) {
    image_.resize(by.bias.size(), size * size);
    by.apply(layers::gather(padded_, {.stride = 2, .height = size, .width = size}, columns_), image_);
    auto values = image_.array();
    layers::silu(values);
    layers::pad(image_, size, size, padded_);
  }

  layers::convolution first_, second_, third_, to_features_, to_logits_;
  layers::padded_image padded_;
  layers::scratch columns_;
  layers::matrix image_;
};

/// [1500,1,28,28]: image i shows a digit i % 10; every ten are of a face of their own.
inline nf::tensor<float> real_digits(const std::filesystem::path& sheet) {
  constexpr std::size_t side = digit_classifier::side;
  const nf::picture all = read_png(sheet);
  nf::require(all.channels == 1, sheet.string(), "a picture in colours", "one in shades of grey");
  const std::size_t columns = all.width / side, rows = all.height / side;
  nf::tensor<float> images({columns * rows, 1, side, side});
  for (std::size_t i = 0; i < columns * rows; ++i)
    for (std::size_t y = 0; y < side; ++y)
      for (std::size_t x = 0; x < side; ++x) {
        const std::size_t at = (i / columns * side + y) * all.width + i % columns * side + x;
        images[(i * side + y) * side + x] = static_cast<float>(all.pixels[at]) / 127.5f - 1;
      }
  return images;
}

}  // namespace examples
