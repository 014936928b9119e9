// The pass over spans: value, clamp, outputs and noise of one L1 tile after the other.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/random/philox_source.hpp>
#include <noisefall/tensor/elementwise.hpp>
#include <noisefall/tensor/pass.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall::kernels {

// Coefficients are rounded once to T; those that are then 0 are left out, so their arrays are never read. No element
// meets another one, so neither the batch nor the place in it changes a sample's bits. Where nothing differs between
// samples the batch is walked as one long row.
template <class T>
class fused_pass {
 public:
  using description = pass_description<view<T>, mutable_view<T>>;

  explicit fused_pass(const description& what) : what_{what} {
    const shape& extents = !what.outputs.empty() ? what.outputs[0].extents() : what.store.extents();
    samples_ = extents.samples();
    sample_size_ = extents.sample_size();
    if (what.weights.lanes() != 1 && what.weights.lanes() != samples_)
      throw error{"pass", std::to_string(what.weights.lanes()) + " lanes of weights",
                  "1 or " + std::to_string(samples_)};
    for (const std::span<const double> list : {what.limit, what.divisor})
      if (list.size() > 1 && list.size() != samples_)
        throw error{"pass", std::to_string(list.size()) + " clamps", "none, 1 or " + std::to_string(samples_)};
    one_row_ = what.weights.lanes() == 1 && what.limit.size() <= 1 && what.divisor.size() <= 1;
    for (const auto& in : what.inputs) include(in);
    for (const auto& out : what.outputs) include(out);
    for (const auto& draw : what.draws)
      if (draw.is_filled) include(draw.filled);
    if (what.stores) include(what.store);
    if (what.gain != gain_rule::none) include(what.gain_input);
  }

  // Nothing differs between samples and nothing lies between them: the batch is one long row.
  bool one_row() const { return one_row_; }
  std::size_t samples() const { return samples_; }

  void run() const {
    if (one_row_)
      run_elements(0, samples_ * sample_size_);
    else
      run(0, samples_);
  }
  // A part of the pass. Parts that have no element in common may run at the same time.
  void run(std::size_t first_sample, std::size_t samples) const {
    for (std::size_t sample = first_sample; sample < first_sample + samples; ++sample) walk(sample, 0, sample_size_);
  }
  // Elements [begin, end) of the row that the batch is where one_row().
  void run_elements(std::size_t begin, std::size_t end) const { walk(0, begin, end); }

 private:
  static constexpr std::size_t tile = 9 * normal_block;  // a multiple of 3 blocks: what AVX-512 makes at once
  static constexpr std::size_t gained_noise = pass_weights::terms;  // stands behind the terms of a pass
  static constexpr std::size_t sources = pass_weights::terms + 1;

  // Of each row the terms that count, as indices of sources.
  struct row {
    std::array<std::size_t, pass_weights::terms> source{};
    weighted_terms<T, pass_weights::terms> terms;

    void add(std::size_t index, T weight) {
      if (weight == T{0}) return;
      source[terms.count] = index;
      terms.weight[terms.count++] = weight;
    }
  };

  template <class View>
  void include(const View& of) {
    if (of.samples() != samples_ || of.sample_size() != sample_size_)
      throw error{"pass", "an array of shape " + to_string(of.extents()),
                  std::to_string(samples_) + " samples of " + std::to_string(sample_size_) + " elements"};
    one_row_ = one_row_ && (of.contiguous() || samples_ <= 1);
  }

  static T per_sample(std::span<const double> values, std::size_t sample, T otherwise) {
    return values.empty() ? otherwise : static_cast<T>(values[values.size() == 1 ? 0 : sample]);
  }

  // Elements [begin, end), counted from the start of `sample`.
  void walk(std::size_t sample, std::size_t begin, std::size_t end) const {
    const std::size_t lane = what_.weights.lanes() == 1 ? 0 : sample;
    const auto weight = [&](std::size_t r, std::size_t term) {
      return static_cast<T>(what_.weights.at(r, term, lane));
    };
    constexpr T unlimited = std::numeric_limits<T>::infinity();
    const T limit = per_sample(what_.limit, sample, unlimited), divisor = per_sample(what_.divisor, sample, T{1});

    // The bound is known, but g++ 12 warns about arrays of three without being told.
    const std::size_t count = std::min(what_.outputs.size(), pass_weights::outputs);
    row value, outputs[pass_weights::outputs], noises[pass_weights::outputs];
    bool drawn[pass_weights::draws] = {}, gained = false;
    for (std::size_t k = 0; what_.has_value && k < what_.inputs.size(); ++k) value.add(k, weight(0, k));
    for (std::size_t o = 0; o < count; ++o) {
      for (std::size_t k = 0; k < what_.inputs.size(); ++k) outputs[o].add(k, weight(o + 1, k));
      if (what_.has_value) outputs[o].add(pass_weights::value_term, weight(o + 1, pass_weights::value_term));
      for (std::size_t j = 0; j < what_.draws.size(); ++j) {
        const std::size_t term = pass_weights::first_draw + j;
        drawn[j] = drawn[j] || weight(o + 1, term) != T{0};
        (what_.gain == gain_rule::none ? outputs : noises)[o].add(term, weight(o + 1, term));
      }
      if (noises[o].terms.count > 0) outputs[o].add(gained_noise, T{1});
      gained = gained || noises[o].terms.count > 0;
    }

    alignas(64) T values[tile], results[pass_weights::outputs][tile], normal[pass_weights::draws][tile], gain[tile],
        noise[tile];
    const T* from[sources] = {};
    const auto sum = [&from](row& r, std::size_t n, T* out) {
      for (std::size_t i = 0; i < r.terms.count; ++i) r.terms.data[i] = from[r.source[i]];
      weighted_sum(r.terms, n, out);
    };
    from[pass_weights::value_term] = values;
    from[gained_noise] = noise;

    for (std::size_t at = begin; at < end; at += tile) {
      const std::size_t n = std::min(tile, end - at);
      for (std::size_t k = 0; k < what_.inputs.size(); ++k) from[k] = what_.inputs[k].sample(sample) + at;
      for (std::size_t j = 0; j < what_.draws.size(); ++j)
        if (drawn[j]) from[pass_weights::first_draw + j] = draw(j, sample, at, n, normal[j]);
      if (gained) make_gain(what_.gain_input.sample(sample) + at, n, gain);
      if (what_.has_value) {
        sum(value, n, values);
        if (limit != unlimited) run_widest<clamp>(+values, limit, n);
        if (divisor != T{1}) run_widest<divide>(+values, divisor, n);
      }
      for (std::size_t o = 0; o < count; ++o) {
        if (noises[o].terms.count > 0) {
          sum(noises[o], n, noise);
          run_widest<multiply>(+noise, static_cast<const T*>(gain), n);
        }
        sum(outputs[o], n, results[o]);
      }
      // Only now, because any array written may be one that was read.
      if (what_.stores) std::copy_n(values, n, what_.store.sample(sample) + at);
      for (std::size_t o = 0; o < count; ++o) std::copy_n(results[o], n, what_.outputs[o].sample(sample) + at);
    }
  }

  // The normals of elements [at, at + n): where they lie, or made in `buffer`.
  const T* draw(std::size_t j, std::size_t sample, std::size_t at, std::size_t n, T* buffer) const {
    const auto& source = what_.draws[j];
    if (source.is_filled) return source.filled.sample(sample) + at;
    const std::size_t begin = sample * sample_size_ + at;
    normals({what_.seed, philox_draw(source.which), source.which.first_sample, sample_size_}, begin, begin + n, buffer);
    return buffer;
  }

  void make_gain(const T* e, std::size_t n, T* gain) const {
    const T offset = static_cast<T>(what_.gain_offset), slope = static_cast<T>(what_.gain_slope);
    switch (what_.gain) {
      case gain_rule::none:
        break;
      case gain_rule::factor:
        std::copy_n(e, n, gain);
        break;
      case gain_rule::square_root:
        for (std::size_t i = 0; i < n; ++i) gain[i] = std::sqrt(e[i] < T{0} ? T{0} : e[i]);
        break;
      case gain_rule::exponential:
        for (std::size_t i = 0; i < n; ++i) gain[i] = std::exp(std::fma(slope, e[i], offset));
        break;
    }
  }

  const description& what_;
  std::size_t samples_ = 0, sample_size_ = 0;
  bool one_row_ = true;
};

}  // namespace noisefall::kernels
