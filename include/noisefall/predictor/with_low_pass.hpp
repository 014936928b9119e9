// A predictor that also answers what is smooth in the difference of its last two outputs.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/tensor/shape.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// One level of Burt and Adelson's pyramid (1983), down and up again, on the last two axes of [B, ..., H, W]: what is
// left of an image without its finest octave. Down: the binomial 1 4 6 4 1 along each axis, mirrored at the border, then
// every second element; up: its adjoint, which keeps constants. Linear.
template <class T>
class pyramid_low_pass {
 public:
  explicit pyramid_low_pass(const shape& of) {
    if (of.rank() < 3) refuse("pyramid_low_pass", {"shape ", to_string(of)}, "images: [B, ..., H, W]");
    height_ = of[of.rank() - 2];
    width_ = of[of.rank() - 1];
    half_.resize(half(height_) * width_);
    quarter_.resize(half(height_) * half(width_));
    rows_.resize(half(height_) * width_);
  }

  // `plane` [H, W] is replaced. No allocation.
  void filter(T* plane) {
    const std::size_t low = half(height_), narrow = half(width_);
    for (std::size_t x = 0; x < width_; ++x) down(plane + x, height_, width_, half_.data() + x, width_);
    for (std::size_t y = 0; y < low; ++y) down(half_.data() + y * width_, width_, 1, quarter_.data() + y * narrow, 1);
    for (std::size_t y = 0; y < low; ++y)
      up(quarter_.data() + y * narrow, narrow, 1, rows_.data() + y * width_, width_, 1);
    for (std::size_t x = 0; x < width_; ++x) up(rows_.data() + x, low, width_, plane + x, height_, width_);
  }

 private:
  static std::size_t half(std::size_t n) { return (n + 1) / 2; }

  static void down(const T* from, std::size_t n, std::size_t stride, T* to, std::size_t to_stride) {
    const auto at = [&](std::size_t i, std::ptrdiff_t by) {
      std::ptrdiff_t k = static_cast<std::ptrdiff_t>(i) + by;
      const auto last = static_cast<std::ptrdiff_t>(n) - 1;
      if (k < 0) k = -k;
      if (k > last) k = 2 * last - k;
      return from[static_cast<std::size_t>(std::clamp(k, std::ptrdiff_t{0}, last)) * stride];
    };
    for (std::size_t i = 0; i < n; i += 2)
      to[i / 2 * to_stride] = (at(i, -2) + at(i, 2) + 4 * (at(i, -1) + at(i, 1)) + 6 * at(i, 0)) / 16;
  }
  static void up(const T* from, std::size_t n, std::size_t stride, T* to, std::size_t size, std::size_t to_stride) {
    const auto at = [&](std::size_t i) { return from[std::min(i, n - 1) * stride]; };
    for (std::size_t i = 0; i < size; ++i)
      to[i * to_stride] = i % 2 == 1 ? (at(i / 2) + at(i / 2 + 1)) / 2
                                     : (at(i < 2 ? 0 : i / 2 - 1) + 6 * at(i / 2) + at(i / 2 + 1)) / 8;
  }

  std::size_t height_, width_;
  std::vector<T> half_, quarter_, rows_;
};

// Refers to `model`, which must outlive it, and hands every call on. Its gradient() writes the low-pass of the difference
// between the first and the second output of the evaluation: what the guidance fdg asks for as branch 2. For states in
// memory, of shape [B, ..., H, W].
//   nf::with_low_pass<my_network> split{network};
//   sample(split, images, {.conditional = cat, .unconditional = empty, .further = any_one_condition});
template <class P, std::floating_point T = float>
class with_low_pass {
 public:
  using condition = typename P::condition;

  explicit with_low_pass(P& model) : model_{&model} {}

  void predict(view<T> x, const evaluation& at, const condition& c, mutable_view<T> out) {
    model_->predict(x, at, c, out);
    first_ = second_;
    second_ = out;
  }
  void gradient(view<T> x, const evaluation&, const condition&, mutable_view<T> out) {
    if (!low_pass_ || !(extents_ == x.extents())) {
      extents_ = x.extents();
      low_pass_.emplace(extents_);
    }
    const std::size_t plane = x.extents()[x.extents().rank() - 2] * x.extents()[x.extents().rank() - 1];
    for (std::size_t i = 0; i < x.samples(); ++i) {
      for (std::size_t e = 0; e < x.sample_size(); ++e) out.sample(i)[e] = first_.sample(i)[e] - second_.sample(i)[e];
      for (std::size_t e = 0; e < x.sample_size(); e += plane) low_pass_->filter(out.sample(i) + e);
    }
  }

 private:
  P* model_;
  mutable_view<T> first_{}, second_{};
  shape extents_;
  std::optional<pyramid_low_pass<T>> low_pass_;
};

}  // namespace noisefall
