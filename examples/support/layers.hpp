// The layers of a small convolutional network on one image, with Eigen: windows, convolution, group norm, SiLU.
#pragma once

#include <algorithm>
#include <cmath>

#include <Eigen/Core>

namespace examples::layers {

using index = Eigen::Index;

/// An image is [channels, height*width]: one column per pixel. So a 3x3 window is three contiguous runs,
/// and the row blocks of a matrix are a concatenation of channels that needs no copy.
using matrix = Eigen::MatrixXf;
using vector = Eigen::VectorXf;
using image_in = const Eigen::Ref<const matrix>&;
using image_out = Eigen::Ref<matrix>;
using channels_in = const Eigen::Ref<const vector>&;

/// Memory that is shaped anew for each layer and allocates only while it grows.
class scratch {
 public:
  [[nodiscard]] Eigen::Map<matrix> shaped(index rows, index cols) {
    if (values_.size() < rows * cols) values_.resize(rows * cols);
    return {values_.data(), rows, cols};
  }
  [[nodiscard]] float* data() { return values_.data(); }
  [[nodiscard]] const float* data() const { return values_.data(); }

 private:
  vector values_;
};

/// An image inside a border of one zero pixel, which is what a 3x3 convolution reads.
class padded_image {
 public:
  void clear(index channels, index height, index width) {
    channels_ = channels;
    pitch_ = width + 2;
    memory_.shaped(channels, pitch_ * (height + 2)).setZero();
  }

  /// Pixels from (-1, -1), the border's corner; those to the right of it follow contiguously.
  [[nodiscard]] float* at(index y, index x) { return memory_.data() + ((y + 1) * pitch_ + x + 1) * channels_; }
  [[nodiscard]] const float* at(index y, index x) const {
    return memory_.data() + ((y + 1) * pitch_ + x + 1) * channels_;
  }
  [[nodiscard]] index channels() const { return channels_; }

 private:
  scratch memory_;
  index channels_ = 0;
  index pitch_ = 0;
};

/// Square windows of a padded image: those of output pixel (y, x) start at (y*stride + top, x*stride + left).
struct windows {
  index kernel = 3;
  index stride = 1;
  index top = -1;
  index left = -1;
  index height = 0;
  index width = 0;
};

/// [kernel*kernel*channels, height*width]: a convolution is a matrix product with this.
inline Eigen::Map<matrix> gather(const padded_image& image, const windows& w, scratch& memory) {
  const index run = w.kernel * image.channels();
  auto columns = memory.shaped(w.kernel * run, w.height * w.width);
  float* to = columns.data();
  for (index y = 0; y < w.height; ++y) {
    for (index x = 0; x < w.width; ++x) {
      for (index k = 0; k < w.kernel; ++k, to += run) {
        std::copy_n(image.at(y * w.stride + w.top + k, x * w.stride + w.left), run, to);
      }
    }
  }
  return columns;
}

/// Weights [to, kernel*kernel*from], in the order gather() writes, and bias [to].
struct convolution {
  matrix weight;
  vector bias;

  void apply(image_in columns, image_out out) const {
    out.colwise() = bias;
    out.noalias() += weight * columns;
  }
};

/// What follows a normalisation: gain and offset, one of each per channel.
struct affine {
  vector gain;
  vector offset;
};

/// Group normalisation with 8 groups as one affine map per channel: x*result.gain + result.offset.
inline void fold_group_norm(image_in x, channels_in norm_gain, channels_in norm_offset, affine& result) {
  constexpr index groups = 8;
  constexpr float epsilon = 1e-5F;
  const index size = x.rows() / groups;
  const float count = static_cast<float>(size * x.cols());

  // Two passes: sums of squares about zero would cancel.
  auto& mean = result.offset;
  auto& spread = result.gain;
  mean.setZero(x.rows());
  for (index p = 0; p < x.cols(); ++p) mean += x.col(p);
  for (index g = 0; g < groups; ++g) {
    auto group = mean.segment(g * size, size);
    group.setConstant(group.sum() / count);
  }
  spread.setZero(x.rows());
  for (index p = 0; p < x.cols(); ++p) spread += (x.col(p) - mean).cwiseAbs2();
  for (index g = 0; g < groups; ++g) {
    auto group = spread.segment(g * size, size);
    group.setConstant(1.0F / std::sqrt(group.sum() / count + epsilon));
  }
  spread.array() *= norm_gain.array();
  mean = norm_offset - mean.cwiseProduct(spread);
}

/// SiLU of the values in place: x / (1 + exp(-x)).
template <class Derived>
void silu(Eigen::ArrayBase<Derived>& values) {
  values /= 1.0F + (-values).exp();
}

/// out = silu(x*map.gain + map.offset), inside a zero border.
inline void activate(image_in x, index height, index width, const affine& map, padded_image& out) {
  out.clear(x.rows(), height, width);
  for (index y = 0; y < height; ++y) {
    for (index c = 0; c < width; ++c) {
      Eigen::Map<Eigen::ArrayXf> pixel(out.at(y, c), x.rows());
      pixel = x.col(y * width + c).array() * map.gain.array() + map.offset.array();
      silu(pixel);
    }
  }
}

/// A plain copy inside a zero border.
inline void pad(image_in x, index height, index width, padded_image& out) {
  out.clear(x.rows(), height, width);
  for (index y = 0; y < height; ++y) {
    for (index c = 0; c < width; ++c) Eigen::Map<vector>(out.at(y, c), x.rows()) = x.col(y * width + c);
  }
}

/// Softmax of each column in place.
inline void softmax_columns(matrix& scores) {
  for (index j = 0; j < scores.cols(); ++j) {
    auto column = scores.col(j).array();
    column = (column - column.maxCoeff()).exp();
    column /= column.sum();
  }
}

}  // namespace examples::layers
