// The pass over spans: checks what it is given, and cuts it into what the kernels walk.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/core/instruction_set.hpp>
#include <noisefall/tensor/pass.hpp>
#include <noisefall/tensor/pass_noise.hpp>
#include <noisefall/tensor/pass_rows.hpp>
#include <noisefall/tensor/pass_terms.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall::kernels {

// Coefficients are rounded once to T; those that are then 0 are left out, so their arrays are never read. No element
// meets another one, so neither the batch nor the place in it changes a sample's bits. Where nothing differs between
// samples the batch is walked as one long row; else samples that follow each other in memory are walked many at a time.
template <class T>
class fused_pass {
 public:
  using description = pass_description<view<T>, mutable_view<T>>;

  explicit fused_pass(const description& what) : terms_{what}, set_{widest_instruction_set()} {
    const shape& extents = !what.outputs.empty() ? what.outputs[0].extents() : what.store.extents();
    samples_ = extents.samples();
    sample_size_ = extents.sample_size();
    if (what.weights.lanes() != 1 && what.weights.lanes() != samples_)
      refuse("pass", std::to_string(what.weights.lanes()) + " lanes of weights", "1 or " + std::to_string(samples_));
    for (const std::span<const double> list : {what.limit, what.divisor})
      if (list.size() > 1 && list.size() != samples_)
        refuse("pass", std::to_string(list.size()) + " clamps", "none, 1 or " + std::to_string(samples_));
    for (const auto& in : what.inputs) include(in);
    for (const auto& out : what.outputs) include(out);
    for (const auto& draw : what.draws)
      if (draw.is_filled) include(draw.filled);
    if (what.stores) include(what.store);
    if (terms_.gains()) include(what.gain_input);
    const bool shared = what.weights.lanes() == 1 && what.limit.size() <= 1 && what.divisor.size() <= 1;
    one_row_ = samples_ <= 1 || (contiguous_ && shared);
  }

  std::size_t samples() const { return samples_; }
  std::size_t sample_size() const { return sample_size_; }
  // May the batch be cut anywhere, not only between samples?
  bool one_row() const { return one_row_; }

  void run() const { run(0, samples_); }
  void run(std::size_t first_sample, std::size_t count) const {
    const std::size_t end = first_sample + count;
    if (one_row_) return run_elements(first_sample * sample_size_, end * sample_size_);
    const std::size_t together = samples_together();
    for (std::size_t sample = first_sample; sample < end; sample += together) {
      const std::size_t lanes = std::min(together, end - sample);
      walk(sample, lanes, 0, lanes * sample_size_);
    }
  }
  // For one_row(): elements [begin, end) of the batch.
  void run_elements(std::size_t begin, std::size_t end) const { walk(0, 1, begin, end); }

 private:
  template <class View>
  void include(const View& of) {
    if (of.samples() != samples_ || of.sample_size() != sample_size_)
      refuse("pass", "an array of shape " + to_string(of.extents()),
             std::to_string(samples_) + " samples of " + std::to_string(sample_size_) + " elements");
    contiguous_ = contiguous_ && of.contiguous();
  }

  // Samples with weights of their own that one walk takes: no more than a tile where something is made in tiles.
  std::size_t samples_together() const {
    const bool tiled = terms_.what.outputs.size() > 1 || terms_.gains() || terms_.generates_noise();
    const std::size_t in_tile = tiled && sample_size_ > 0 ? pass_tile<T> / sample_size_ : pass_rows<T>::most_lanes;
    return contiguous_ ? std::clamp<std::size_t>(in_tile, 1, pass_rows<T>::most_lanes) : 1;
  }

  // Elements [at, end) counted from the start of `sample`: all of as many samples as there are lanes or, for one lane,
  // any elements for which its weights and clamp hold.
  void walk(std::size_t sample, std::size_t lanes, std::size_t at, std::size_t end) const {
    pass_rows<T> rows{terms_, set_, sample, lanes};
    rows.clamp();
    terms_.for_each_row([&](std::size_t r) { terms_.for_each_term(r, [&](std::size_t term) { rows.add(r, term); }); });
    if (terms_.gains())
      walk_with_gain(rows, sample, lanes, at, end);
    else if (terms_.generates_noise())
      walk_with_noise(rows, sample, at, end);
    else
      rows.run(sample, at, end - at, {});
  }

  [[gnu::noinline]] void walk_with_noise(pass_rows<T>& rows, std::size_t sample, std::size_t at,
                                         std::size_t end) const {
    pass_noise<T> noise{terms_, rows, sample_size_, set_};
    const std::size_t tile = noise_tile_for<T>(end - at);
    for (; at < end; at += tile) {
      const std::size_t n = std::min(tile, end - at);
      noise.make(sample, at, n);
      rows.run(sample, at, n, noise.made);
    }
  }

  // gain * (sum of the draws) is made first, then enters the outputs like an array.
  [[gnu::noinline]] void walk_with_gain(pass_rows<T>& rows, std::size_t sample, std::size_t lanes, std::size_t at,
                                        std::size_t end) const {
    alignas(64) T gain[pass_tile<T>], gained[pass_weights::outputs][pass_tile<T>];
    pass_rows<T> sums{terms_, set_, sample, lanes};
    terms_.for_each_row([&](std::size_t r) {
      if (r == 0) return;
      terms_.for_each_draw([&](std::size_t term) { sums.add(r, term); });
      if (!sums.empty(r)) rows.add_gained(r);
    });
    pass_noise<T> noise{terms_, sums, sample_size_, set_};
    const std::size_t tile = noise_tile_for<T>(end - at);
    for (; at < end; at += tile) {
      const std::size_t n = std::min(tile, end - at);
      noise.make(sample, at, n);
      make_gain(terms_, sample, at, n, gain);
      made_arrays<T> made = noise.made;
      terms_.for_each_row([&](std::size_t r) {
        if (r == 0) return;
        T* sum = gained[r - 1];
        sums.run_row(r, sample, at, n, noise.made, sum);
        for (std::size_t i = 0; i < n; ++i) sum[i] *= gain[i];
        made.at[gained_noise_term + r - 1] = sum;
      });
      rows.run(sample, at, n, made);
    }
  }

  pass_terms<T> terms_;
  instruction_set set_;
  std::size_t samples_ = 0, sample_size_ = 0;
  bool contiguous_ = true, one_row_ = true;
};

}  // namespace noisefall::kernels
