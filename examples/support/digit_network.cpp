#include "digit_network.hpp"

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "digit_weights.hpp"
#include "layers.hpp"
#include "safetensors.hpp"

namespace examples {

// One image at a time.
class digit_network::inference {
 public:
  explicit inference(std::shared_ptr<const digit_weights> weights) : weights_{std::move(weights)} {}
  const std::shared_ptr<const digit_weights>& weights() const { return weights_; }

  void evaluate(std::span<const float> images, std::span<const float> times, std::span<const int> classes,
                std::span<float> eps) {
    check(images.size(), times.size(), classes, eps.size());
    const std::size_t count = images.size() / pixels;
    known_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const auto& film = condition(times[times.size() == 1 ? 0 : i], classes[classes.size() == 1 ? 0 : i]);
      evaluate_image(images.data() + i * pixels, film, eps.data() + i * pixels);
    }
  }

 private:
  using index = layers::index;
  using matrix = layers::matrix;

  static constexpr index narrow = digit_weights::narrow, wide = digit_weights::wide;
  static constexpr index fine = side / 2, coarse = side / 4;  // height and width of the two levels
  static constexpr index fine_pixels = fine * fine, coarse_pixels = coarse * coarse;

  struct known_condition {
    float time;
    int label;
    layers::affine film;  // of all blocks
  };

  static void check(std::size_t images, std::size_t times, std::span<const int> classes, std::size_t eps) {
    const std::string where = "digit_network::evaluate: ";
    if (images % pixels != 0) {
      throw std::invalid_argument(where + "images has " + std::to_string(images) +
                                  " values; allowed are multiples of 784");
    }
    if (eps != images) {
      throw std::invalid_argument(where + "eps has " + std::to_string(eps) +
                                  " values; allowed is the size of images, " + std::to_string(images));
    }
    const std::size_t count = images / pixels;
    const auto check_count = [&](const char* what, std::size_t size) {
      if (size == 1 || size == count) return;
      throw std::invalid_argument(where + what + " has " + std::to_string(size) +
                                  " values; allowed are 1 and the number of images, " + std::to_string(count));
    };
    check_count("times", times);
    check_count("classes", classes.size());
    for (const int label : classes) {
      if (label < 0 || label > no_class) {
        throw std::invalid_argument(where + "class " + std::to_string(label) + "; allowed are 0 to 9, and 10 for none");
      }
    }
  }

  /// What a pair of time and class contributes, computed once per pair and call.
  const layers::affine& condition(float time, int label) {
    for (const auto& known : known_) {
      if (known.time == time && known.label == label) return known.film;
    }
    const auto& w = *weights_;
    const Eigen::ArrayXf angle = time * w.frequency.array();
    Eigen::ArrayXf value(2 * digit_weights::frequencies);
    value << angle.sin(), angle.cos();
    value = (w.time_first.weight * value.matrix() + w.time_first.bias).array().eval();
    layers::silu(value);
    value = (w.time_second.weight * value.matrix() + w.time_second.bias + w.label.col(label)).array().eval();
    layers::silu(value);
    known_.push_back({time,
                      label,
                      {w.film_gain.weight * value.matrix() + w.film_gain.bias,
                       w.film_offset.weight * value.matrix() + w.film_offset.bias}});
    return known_.back().film;
  }

  void evaluate_image(const float* image, const layers::affine& film, float* eps) {
    const auto& w = *weights_;
    layers::pad(Eigen::Map<const matrix>(image, 1, pixels), side, side, padded_);
    const layers::windows patches{.kernel = 2, .stride = 2, .top = 0, .left = 0, .height = fine, .width = fine};
    w.stem.apply(layers::gather(padded_, patches, columns_), fine_);

    auto shallow = fine_pair_.bottomRows(narrow);
    run(w.d1, film, fine_, fine, shallow);
    layers::pad(shallow, fine, fine, padded_);
    w.down.apply(layers::gather(padded_, {.stride = 2, .height = coarse, .width = coarse}, columns_), coarse_);

    auto deep = coarse_pair_.bottomRows(wide);
    run(w.d2, film, coarse_, coarse, deep);
    run(w.m1, film, deep, coarse, coarse_);
    attend(coarse_, coarse_pair_.topRows(wide));
    run(w.u2, film, coarse_pair_, coarse, coarse_);

    auto raised = fine_pair_.topRows(narrow);
    enlarge(coarse_, raised);
    run(w.u1, film, fine_pair_, fine, fine_);
    run(w.u0, film, fine_, fine, raised);
    layers::fold_group_norm(raised, w.out_norm.gain, w.out_norm.offset, map_);
    layers::activate(raised, fine, fine, map_, padded_);
    auto quarters = hidden_.shaped(4, fine_pixels);
    w.out.apply(layers::gather(padded_, {.height = fine, .width = fine}, columns_), quarters);
    for (index y = 0; y < side; ++y) {
      for (index x = 0; x < side; ++x) eps[y * side + x] = quarters(y % 2 * 2 + x % 2, y / 2 * fine + x / 2);
    }
  }

  /// x [from, size*size] -> out [to, size*size], other memory than x.
  void run(const residual_block& block, const layers::affine& film, layers::image_in x, index size,
           layers::image_out out) {
    const index to = block.second.bias.size();
    layers::fold_group_norm(x, block.norm.gain, block.norm.offset, map_);
    layers::activate(x, size, size, map_, padded_);
    auto hidden = hidden_.shaped(to, size * size);
    block.first.apply(layers::gather(padded_, {.height = size, .width = size}, columns_), hidden);

    layers::fold_group_norm(hidden, film.gain.segment(block.film_at, to), film.offset.segment(block.film_at, to), map_);
    layers::activate(hidden, size, size, map_, padded_);
    block.second.apply(layers::gather(padded_, {.height = size, .width = size}, columns_), out);
    if (block.skip.size() == 0) {
      out += x;
    } else {
      out.noalias() += block.skip * x;
    }
  }

  /// out = x + self-attention of the pixels of x, [wide, coarse_pixels]; other memory than x.
  void attend(layers::image_in x, layers::image_out out) {
    const auto& w = *weights_;
    layers::fold_group_norm(x, w.attention_norm.gain, w.attention_norm.offset, map_);
    auto normed = columns_.shaped(wide, x.cols());
    for (index p = 0; p < x.cols(); ++p) normed.col(p) = x.col(p).cwiseProduct(map_.gain) + map_.offset;
    auto parts = hidden_.shaped(3 * wide, x.cols());
    w.attention_in.apply(normed, parts);
    scores_.noalias() = parts.middleRows(wide, wide).transpose() * parts.topRows(wide);
    layers::softmax_columns(scores_);
    normed.noalias() = parts.bottomRows(wide) * scores_;
    w.attention_out.apply(normed, out);
    out += x;
  }

  /// Doubles height and width and convolves: x [wide, coarse_pixels] -> out [narrow, fine_pixels].
  void enlarge(layers::image_in x, layers::image_out out) {
    layers::pad(x, coarse, coarse, padded_);
    auto part = hidden_.shaped(narrow, coarse_pixels);
    for (index row = 0; row < 2; ++row) {
      for (index column = 0; column < 2; ++column) {
        const layers::windows near{.kernel = 2, .top = row - 1, .left = column - 1, .height = coarse, .width = coarse};
        weights_->up[static_cast<std::size_t>(row * 2 + column)].apply(layers::gather(padded_, near, columns_), part);
        for (index y = 0; y < coarse; ++y) {
          for (index c = 0; c < coarse; ++c) out.col((2 * y + row) * fine + 2 * c + column) = part.col(y * coarse + c);
        }
      }
    }
  }

  std::shared_ptr<const digit_weights> weights_;
  std::vector<known_condition> known_;
  matrix fine_{narrow, fine_pixels};
  matrix fine_pair_{2 * narrow, fine_pixels};  // decoder above encoder: their concatenation
  matrix coarse_{wide, coarse_pixels};
  matrix coarse_pair_{2 * wide, coarse_pixels};
  matrix scores_{coarse_pixels, coarse_pixels};  // a column per query
  layers::padded_image padded_;
  layers::scratch columns_, hidden_;
  layers::affine map_;
};

digit_network::digit_network(const std::filesystem::path& file)
    : self_{std::make_unique<inference>(
          std::make_shared<const digit_weights>(digit_weights_reader::read(safetensors_file(file))))} {}
digit_network::digit_network(const digit_network& other) : self_{std::make_unique<inference>(other.self_->weights())} {}
digit_network::digit_network(digit_network&&) noexcept = default;
digit_network::~digit_network() = default;

void digit_network::evaluate(std::span<const float> images, std::span<const float> times, std::span<const int> classes,
                             std::span<float> eps) {
  self_->evaluate(images, times, classes, eps);
}

}  // namespace examples
