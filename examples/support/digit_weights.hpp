// The weights of the digit U-Net as evaluation reads them: reordered, stacked and folded once, when they are loaded.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "layer_reader.hpp"
#include "layers.hpp"
#include "safetensors.hpp"

namespace examples {

/// x -> skip(x) + second(silu(film(norm(first(silu(norm(x)))))))
struct residual_block {
  layers::affine norm;
  layers::convolution first;
  layers::index film_at = 0;   // where its channels start among the film channels of all blocks
  layers::convolution second;  // its bias includes that of the skip
  layers::matrix skip;         // [to, from]; empty where from == to, which skips unchanged
};

/// The network of examples/digits/model.py.
struct digit_weights {
  static constexpr layers::index narrow = 32;  // channels of the level of 14x14 pixels
  static constexpr layers::index wide = 64;    // channels of the level of 7x7 pixels
  static constexpr layers::index embedding = 128;
  static constexpr layers::index frequencies = 32;
  static constexpr layers::index classes = 11;

  layers::vector frequency;
  layers::convolution time_first, time_second;
  layers::matrix label;                        // [embedding, classes]
  layers::convolution film_gain, film_offset;  // from the embedding to the middle normalisation of all blocks
  layers::convolution stem, down;
  residual_block d1, d2, m1, u2, u1, u0;
  layers::affine attention_norm;
  layers::convolution attention_in;  // queries, already scaled, then keys, then values
  layers::convolution attention_out;
  std::array<layers::convolution, 4> up;  // doubling and 3x3 as four 2x2 kernels, one for each row%2*2 + column%2
  layers::affine out_norm;
  layers::convolution out;
};

/// Makes digit_weights of a file, keeping aside the film parts of the blocks read so far.
class digit_weights_reader : layer_reader {
 public:
  [[nodiscard]] static digit_weights read(const safetensors_file& file) { return digit_weights_reader(file).all(); }

 private:
  explicit digit_weights_reader(const safetensors_file& file) : layer_reader(file) {}

  [[nodiscard]] digit_weights all() {
    constexpr index narrow = digit_weights::narrow, wide = digit_weights::wide;
    digit_weights w;
    w.frequency.resize(digit_weights::frequencies);
    for (index i = 0; i < digit_weights::frequencies; ++i) {
      const double exponent = static_cast<double>(i) / static_cast<double>(digit_weights::frequencies);
      w.frequency[i] = static_cast<float>(std::pow(10000.0, -exponent));
    }
    w.time_first = dense("t1", 2 * digit_weights::frequencies, digit_weights::embedding);
    w.time_second = dense("t2", digit_weights::embedding, digit_weights::embedding);
    w.label = table("y.weight", {digit_weights::classes, digit_weights::embedding}).transpose();

    w.stem = kernel("stem", 1, narrow, 2);
    w.down = kernel("dn", narrow, wide, 3);
    w.d1 = block("d1", narrow, narrow);
    w.d2 = block("d2", wide, wide);
    w.m1 = block("m1", wide, wide);
    w.u2 = block("u2", 2 * wide, wide);
    w.u1 = block("u1", 2 * narrow, narrow);
    w.u0 = block("u0", narrow, narrow);
    w.film_gain = stacked(film_gain_);
    w.film_offset = stacked(film_offset_);

    w.attention_norm = norm("at.n", wide);
    w.attention_in = kernel("at.qkv", wide, 3 * wide, 1);
    const float scale = 1.0F / std::sqrt(static_cast<float>(wide));
    w.attention_in.weight.topRows(wide) *= scale;
    w.attention_in.bias.head(wide) *= scale;
    w.attention_out = kernel("at.o", wide, wide, 1);
    w.up = doubling(kernel("up", wide, narrow, 3));
    w.out_norm = norm("n", narrow);
    w.out = kernel("out", narrow, 4, 3);
    return w;
  }

  /// norm(h)*(1 + a) + b with a, b linear in the embedding is a gain and an offset which are linear in it too.
  [[nodiscard]] residual_block block(const std::string& name, index from, index to) {
    residual_block result{
        norm(name + ".n1", from), kernel(name + ".c1", from, to, 3), 0, kernel(name + ".c2", to, to, 3), {}};
    if (from != to) {
      auto skip = kernel(name + ".sk", from, to, 1);
      result.skip = std::move(skip.weight);
      result.second.bias += skip.bias;
    }
    for (const auto& part : film_gain_) result.film_at += part.bias.size();
    const auto middle = norm(name + ".n2", to);
    const auto film = dense(name + ".e", digit_weights::embedding, 2 * to);
    layers::convolution gain{middle.gain.asDiagonal() * film.weight.topRows(to),
                             middle.gain.cwiseProduct(film.bias.head(to)) + middle.gain};
    layers::convolution offset{middle.offset.asDiagonal() * film.weight.topRows(to),
                               middle.offset.cwiseProduct(film.bias.head(to)) + middle.offset};
    offset.weight += film.weight.bottomRows(to);
    offset.bias += film.bias.tail(to);
    film_gain_.push_back(std::move(gain));
    film_offset_.push_back(std::move(offset));
    return result;
  }

  [[nodiscard]] static layers::convolution stacked(const std::vector<layers::convolution>& parts) {
    index rows = 0;
    for (const auto& part : parts) rows += part.bias.size();
    layers::convolution all{matrix(rows, digit_weights::embedding), vector(rows)};
    index at = 0;
    for (const auto& part : parts) {
      all.weight.middleRows(at, part.bias.size()) = part.weight;
      all.bias.segment(at, part.bias.size()) = part.bias;
      at += part.bias.size();
    }
    return all;
  }

  /// After nearest-neighbour doubling, the three taps of a 3x3 kernel along an axis meet two source pixels only:
  /// at even positions {tap 0} and {1, 2}, at odd ones {0, 1} and {2}. Summed, they cost 4/9 of the products.
  [[nodiscard]] static std::array<layers::convolution, 4> doubling(const layers::convolution& full) {
    const index from = full.weight.cols() / 9;
    const auto source = [](index phase, index tap) { return (phase + tap + 1) / 2 - phase; };
    std::array<layers::convolution, 4> phases;
    for (index phase = 0; phase < 4; ++phase) {
      auto& to = phases[static_cast<std::size_t>(phase)];
      to = {matrix::Zero(full.weight.rows(), 4 * from), full.bias};
      for (index tap = 0; tap < 9; ++tap) {
        const index cell = 2 * source(phase / 2, tap / 3) + source(phase % 2, tap % 3);
        to.weight.middleCols(cell * from, from) += full.weight.middleCols(tap * from, from);
      }
    }
    return phases;
  }

  std::vector<layers::convolution> film_gain_, film_offset_;  // in the order of the blocks
};

}  // namespace examples
