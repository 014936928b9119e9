// What one walk over the elements does: read up to 8 arrays, form a value, clamp it, write up to 3 arrays.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <noisefall/core/inline_vector.hpp>
#include <noisefall/random/noise_source.hpp>

namespace noisefall {

// The coefficients of a pass, in double: rows x terms x lanes. Row 0 makes the value, rows 1 to 3 make the outputs.
// Terms 0 to 7 weigh the inputs, term 8 the value, terms 9 to 11 the draws of noise. One lane serves every sample, or
// there is one lane per sample. Storage belongs to the caller (the run allocates it once).
class pass_weights {
 public:
  static constexpr std::size_t inputs = 8, outputs = 3, draws = 3;
  static constexpr std::size_t value_term = inputs, first_draw = inputs + 1;
  static constexpr std::size_t terms = inputs + 1 + draws, rows = 1 + outputs;

  pass_weights() = default;
  pass_weights(std::span<double> storage, std::size_t lanes) : storage_{storage.data()}, lanes_{lanes} {}
  static constexpr std::size_t storage_size(std::size_t lanes) { return rows * terms * lanes; }
  // A table that is never written.
  static pass_weights of_constants(std::span<const double> storage, std::size_t lanes) {
    return {{const_cast<double*>(storage.data()), storage.size()}, lanes};
  }

  std::size_t lanes() const { return lanes_; }
  double& at(std::size_t row, std::size_t term, std::size_t lane) const {
    return storage_[(row * terms + term) * lanes_ + lane];
  }
  void clear() const {
    for (std::size_t i = 0; i < storage_size(lanes_); ++i) storage_[i] = 0;
  }

 private:
  double* storage_ = nullptr;
  std::size_t lanes_ = 1;
};

// An element-wise factor on the noise of every output: network-made variances. gain(e) is
//   none 1 | factor e | square_root sqrt(max(e, 0)) | exponential exp(offset + slope * e).
enum class gain_rule : std::uint8_t { none, factor, square_root, exponential };

// One z of a pass: generated inside it (philox, the pass's seed), or, where `filled` has data, read from there: sources
// other than philox are filled before the pass.
template <class View>
struct noise_draw {
  increment which;
  View filled{};
  bool is_filled = false;
};

// value  = clamp( sum_k w[0][k] * in_k )                       clamp: v -> min(max(v, -limit), limit) / divisor
// out_o  = sum_k w[o+1][k] * in_k + w[o+1][8] * value + gain * sum_j w[o+1][9+j] * z_j
// Inputs and outputs may be the same arrays: an element is read before it is written. `store` keeps the value.
// Reads inputs.size() arrays, writes outputs.size() (+1 with `store`); no allocation.
template <class View, class Span>
struct pass_description {
  inline_vector<View, pass_weights::inputs> inputs;
  bool has_value = false;
  Span store{};  // where the value goes; used when `stores`
  bool stores = false;
  std::span<const double> limit{};    // empty: no clamp; else 1 or lanes() positive limits (infinity: none)
  std::span<const double> divisor{};  // empty: 1; else as many as `limit`
  inline_vector<Span, pass_weights::outputs> outputs;
  pass_weights weights;
  inline_vector<noise_draw<View>, pass_weights::draws> draws;
  std::uint64_t seed = 0;
  gain_rule gain = gain_rule::none;
  View gain_input{};
  double gain_offset = 0, gain_slope = 1;

  // Forgets everything; cheaper than a new description.
  void clear() {
    inputs.clear();
    outputs.clear();
    draws.clear();
    has_value = stores = false;
    limit = divisor = {};
    gain = gain_rule::none;
  }
};

}  // namespace noisefall
