// The rows of a pass over spans: which terms they have, where those lie, and how the kernel walks them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

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

template <class T>
class pass_rows {
 public:
  using made = made_arrays<T>;

  pass_rows(const pass_terms<T>& terms, instruction_set set) : terms_{terms}, set_{set} {}

  pass_program<T> clamp;  // how the value is clamped, and whether weights are per element

  // Lets a term enter a row, with one weight or, where they are not null, with a weight per element.
  void add(std::size_t row, std::size_t term, T w, const T* weights = nullptr) {
    indexed_row& to = rows_[row];
    if (term == pass_weights::value_term && what().outputs.size() == 1) {
      to.has_value = true;
      to.value_weight = w;
      to.value_weights = weights;
    } else {
      to.index[to.count] = static_cast<std::uint8_t>(term);
      const bool input = term < pass_weights::inputs;
      to.terms[to.count++] = {nullptr, weights, w, input ? what().inputs[term].stored() : storage::native};
    }
  }
  void set_starts(std::size_t row, const T* starts) { rows_[row].starts = starts; }
  bool empty(std::size_t row) const { return rows_[row].empty(); }
  bool has(std::size_t term) const {
    return std::any_of(rows_, rows_ + pass_terms<T>::rows, [term](const indexed_row& row) { return row.has(term); });
  }

  // Elements [at, at + n), counted from the start of `sample`, of everything that the pass writes.
  void run(std::size_t sample, std::size_t at, std::size_t n, const made& now) {
    if (what().outputs.size() > 1) return run_in_tiles(sample, at, n, now);
    pass_program<T> program = clamp;
    if (what().has_value)
      program.value = found(0, sample, at, now, what().stores ? what().store.sample(sample) + at : nullptr);
    if (!what().outputs.empty()) program.output = found(1, sample, at, now, what().outputs[0].sample(sample) + at);
    run_program(set_, program, n);
  }
  // The same of one row's sum, which goes to `to`.
  void run_row(std::size_t row, std::size_t sample, std::size_t at, std::size_t n, const made& now, T* to) {
    pass_program<T> program;
    program.weight_per_element = clamp.weight_per_element;
    program.output = found(row, sample, at, now, to);
    run_program(set_, program, n);
  }

 private:
  static constexpr std::size_t outputs = pass_terms<T>::outputs, tile = pass_tile<T>;

  struct indexed_row : pass_row<T> {
    std::uint8_t index[pass_weights::terms];

    bool has(std::size_t term) const { return std::find(index, index + this->count, term) != index + this->count; }
  };

  const auto& what() const { return terms_.what; }

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

  // Any array written may be one that another output reads: but for the last one, outputs wait in tiles.
  [[gnu::noinline]] void run_in_tiles(std::size_t sample, std::size_t at, std::size_t n, const made& now) {
    alignas(64) T value[tile], held[outputs - 1][tile];
    const std::size_t written = std::min(what().outputs.size(), outputs);  // g++ 12 wants to be told the bound
    for (std::size_t done = 0; done < n; done += tile) {
      const std::size_t from = at + done, count = std::min(tile, n - done);
      made with = now.advanced(done);
      if (what().has_value) {
        pass_program<T> program = clamp;
        program.value = found(0, sample, from, with, value);
        run_program(set_, program, count);
        with.at[pass_weights::value_term] = value;
      }
      for (std::size_t o = 0; o < written; ++o)
        run_row(1 + o, sample, from, count, with, o + 1 < written ? held[o] : what().outputs[o].sample(sample) + from);
      for (std::size_t o = 0; o < outputs - 1 && o + 1 < written; ++o)
        std::copy_n(held[o], count, what().outputs[o].sample(sample) + from);
      if (what().has_value && what().stores) std::copy_n(value, count, what().store.sample(sample) + from);
    }
  }

  const pass_terms<T>& terms_;
  instruction_set set_;
  indexed_row rows_[pass_terms<T>::rows];
};

}  // namespace noisefall::kernels
