// The rows of a pass over spans: which terms they have, where those lie, and how the kernel walks them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <noisefall/core/instruction_set.hpp>
#include <noisefall/random/normals_common.hpp>
#include <noisefall/tensor/pass_kernels.hpp>
#include <noisefall/tensor/pass_terms.hpp>

namespace noisefall::kernels {

// What is made before it is read again is made in tiles, so that it stays in L1.
template <class T>
inline constexpr std::size_t pass_tile = 24 * normal_block * sizeof(float) / sizeof(T);

// Indices of terms are those of pass_weights; behind them stand the noises with a gain, one per output.
inline constexpr std::size_t gained_noise_term = pass_weights::terms;

// By index, what lies in a tile instead of the description's arrays: noise, and whatever was made from those.
template <class T>
struct made_arrays {
  const T* at[gained_noise_term + pass_weights::outputs] = {};

  made_arrays advanced(std::size_t n) const {
    made_arrays result = *this;
    for (const T*& array : result.at)
      if (array != nullptr) array += n;
    return result;
  }
};

// Samples whose weights differ, one after the other in memory, are lanes of one walk; else there is one lane, with the
// weights of the first sample.
template <class T>
class pass_rows {
 public:
  using made = made_arrays<T>;
  static constexpr std::size_t most_lanes = 64;

  pass_rows(const pass_terms<T>& terms, instruction_set set, std::size_t first_sample, std::size_t lanes)
      : terms_{terms}, set_{set}, first_{first_sample}, lanes_{lanes} {}

  // Lets a term enter a row, unless its weights are 0.
  void add(std::size_t row, std::size_t term) {
    T* const weights = next_;
    const double* of_lane = terms_.weights(row, term, first_);
    std::size_t zeros = 0;
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
      weights[lane] = static_cast<T>(*of_lane);
      of_lane += terms_.weights_step();
      if (weights[lane] == T{0}) ++zeros;
    }
    if (zeros == lanes_) return;
    clamp_.has_zeros = clamp_.has_zeros || zeros > 0;
    next_ += lanes_;
    enter(row, term, weights);
  }
  // Lets noise with a gain enter the row of its output.
  void add_gained(std::size_t row) {
    enter(row, gained_noise_term + row - 1, per_lane([](std::size_t) { return T{1}; }));
  }
  void clamp() {
    if (!what().limit.empty() && (lanes_ > 1 || terms_.limit(first_) != std::numeric_limits<T>::infinity()))
      clamp_.limits = per_lane([&](std::size_t lane) { return terms_.limit(first_ + lane); });
    if (!what().divisor.empty() && (lanes_ > 1 || terms_.divisor(first_) != T{1}))
      clamp_.divisors = per_lane([&](std::size_t lane) { return terms_.divisor(first_ + lane); });
  }
  bool empty(std::size_t row) const { return rows_[row].count == 0 && rows_[row].value_weights == nullptr; }
  bool has(std::size_t term) const {
    return std::any_of(rows_, rows_ + pass_terms<T>::rows, [term](const indexed_row& row) { return row.has(term); });
  }

  // Elements [at, at + n), counted from the start of `sample`, of everything that the pass writes.
  void run(std::size_t sample, std::size_t at, std::size_t n, const made& now) {
    if (what().outputs.size() > 1) return run_in_tiles(sample, at, n, now);
    pass_program<T> program = over(n, clamp_);
    if (what().has_value)
      program.value = found(0, sample, at, now, what().stores ? what().store.sample(sample) + at : nullptr);
    if (!what().outputs.empty()) program.output = found(1, sample, at, now, what().outputs[0].sample(sample) + at);
    run_program(set_, program);
  }
  // The same of one row's sum, which goes to `to`.
  void run_row(std::size_t row, std::size_t sample, std::size_t at, std::size_t n, const made& now, T* to) {
    pass_program<T> program = over(n, {});
    program.has_zeros = clamp_.has_zeros;
    program.output = found(row, sample, at, now, to);
    run_program(set_, program);
  }

 private:
  static constexpr std::size_t outputs = pass_terms<T>::outputs, tile = pass_tile<T>;

  struct indexed_row : pass_row<T> {
    std::uint8_t index[pass_weights::terms];

    bool has(std::size_t term) const { return std::find(index, index + this->count, term) != index + this->count; }
  };

  const auto& what() const { return terms_.what; }

  // A number for each lane, in memory of this object.
  template <class Value>
  const T* per_lane(Value value) {
    T* const numbers = next_;
    for (std::size_t lane = 0; lane < lanes_; ++lane) numbers[lane] = value(lane);
    next_ = numbers + lanes_;
    return numbers;
  }

  void enter(std::size_t row, std::size_t term, const T* weights) {
    indexed_row& to = rows_[row];
    if (term == pass_weights::value_term && what().outputs.size() == 1) {
      to.value_weights = weights;
      return;
    }
    to.index[to.count] = static_cast<std::uint8_t>(term);
    const bool input = term < pass_weights::inputs;
    to.terms[to.count++] = {nullptr, weights, input ? what().inputs[term].stored() : storage::native};
  }

  pass_program<T> over(std::size_t n, pass_program<T> program) const {
    program.lanes = lanes_;
    program.lane_size = lanes_ == 1 ? n : n / lanes_;
    return program;
  }

  // A row with its arrays, from element `at` of `sample` on.
  const pass_row<T>* found(std::size_t r, std::size_t sample, std::size_t at, const made& now, T* to) {
    indexed_row& row = rows_[r];
    for (std::size_t k = 0; k < row.count; ++k) {
      const std::size_t term = row.index[k];
      row.terms[k].from = now.at[term] != nullptr ? now.at[term]
                          : term < pass_weights::inputs
                              ? what().inputs[term].address(sample, at)
                              : what().draws[term - pass_weights::first_draw].filled.address(sample, at);
    }
    row.to = to;
    return &row;
  }

  // Any array written may be one that another output reads: but for the last one, outputs wait in tiles. Several lanes
  // are no more than a tile.
  [[gnu::noinline]] void run_in_tiles(std::size_t sample, std::size_t at, std::size_t n, const made& now) {
    alignas(64) T value[tile], held[outputs - 1][tile];
    const std::size_t written = std::min(what().outputs.size(), outputs);  // g++ 12 wants to be told the bound
    for (std::size_t done = 0; done < n; done += tile) {
      const std::size_t from = at + done, count = std::min(tile, n - done);
      made with = now.advanced(done);
      if (what().has_value) {
        pass_program<T> program = over(count, clamp_);
        program.value = found(0, sample, from, with, value);
        run_program(set_, program);
        with.at[pass_weights::value_term] = value;
      }
      for (std::size_t o = 0; o < written; ++o)
        run_row(1 + o, sample, from, count, with, o + 1 < written ? held[o] : what().outputs[o].sample(sample) + from);
      for (std::size_t o = 0; o < outputs - 1 && o + 1 < written; ++o)
        std::copy_n(held[o], count, what().outputs[o].sample(sample) + from);
      if (what().has_value && what().stores) std::copy_n(value, count, what().store.sample(sample) + from);
    }
  }

  // Weights, those of noise with a gain, limits and divisors.
  static constexpr std::size_t most_numbers = pass_terms<T>::rows * pass_weights::terms + outputs + 2;

  const pass_terms<T>& terms_;
  instruction_set set_;
  std::size_t first_, lanes_;
  pass_program<T> clamp_;  // how the value is clamped
  indexed_row rows_[pass_terms<T>::rows];
  T numbers_[most_numbers * most_lanes], *next_ = numbers_;
};

}  // namespace noisefall::kernels
