// The pass over spans: finds the terms that count, makes the noise in L1 tiles, and hands programs to the kernel.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/core/inline_vector.hpp>
#include <noisefall/random/philox_source.hpp>
#include <noisefall/tensor/native_elements.hpp>
#include <noisefall/tensor/pass.hpp>
#include <noisefall/tensor/pass_kernels.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall::kernels {

// Coefficients are rounded once to T; those that are then 0 are left out, so their arrays are never read. No element
// meets another one, so neither the batch nor the place in it changes a sample's bits. Where nothing differs between
// samples the batch is walked as one long row; samples too small for a call each get a weight per element.
template <class T>
class fused_pass {
 public:
  using description = pass_description<view<T>, mutable_view<T>>;

  explicit fused_pass(const description& what) : what_{what}, set_{widest_instruction_set()} {
    const shape& extents = !what.outputs.empty() ? what.outputs[0].extents() : what.store.extents();
    samples_ = extents.samples();
    sample_size_ = extents.sample_size();
    if (what.weights.lanes() != 1 && what.weights.lanes() != samples_)
      throw error{"pass", std::to_string(what.weights.lanes()) + " lanes of weights",
                  "1 or " + std::to_string(samples_)};
    for (const std::span<const double> list : {what.limit, what.divisor})
      if (list.size() > 1 && list.size() != samples_)
        throw error{"pass", std::to_string(list.size()) + " clamps", "none, 1 or " + std::to_string(samples_)};
    for (const auto& in : what.inputs) {
      include(in);
      narrow_ = narrow_ || in.stored() != storage::native;
    }
    for (const auto& out : what.outputs) include(out);
    for (const auto& draw : what.draws)
      if (draw.is_filled) include(draw.filled);
    if (what.stores) include(what.store);
    if (gains()) include(what.gain_input);
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
    if (contiguous_ && sample_size_ < small_sample && !gains() && weigh_elements(first_sample, end)) return;
    for (std::size_t sample = first_sample; sample < end; ++sample) walk(sample, 0, sample_size_);
  }
  // For one_row(): elements [begin, end) of the batch.
  void run_elements(std::size_t begin, std::size_t end) const { walk(0, begin, end); }

 private:
  static constexpr std::size_t outputs = pass_weights::outputs, draws = pass_weights::draws, rows = 1 + outputs;
  static constexpr std::size_t tile = 24 * normal_block * sizeof(float) / sizeof(T);  // its noise fits into L1
  static constexpr std::size_t small_sample = 512, most_weights = 24;

  // While the noise of a tile is made, the processor fetches the arrays ahead, as far as its prefetchers look: short
  // tiles hide memory behind the generator, long ones cost fewer calls where nothing is to be hidden.
  static constexpr std::size_t short_tile = tile / 4, in_cache = 32768;
  static constexpr std::size_t tile_for(std::size_t elements) { return elements <= in_cache ? tile : short_tile; }

  // Indices of terms are those of pass_weights; behind them stand the noises with a gain, one per output.
  static constexpr std::size_t gained_noise = pass_weights::terms;

  // A row, and of each of its arrays the index of the term.
  struct indexed_row : pass_row<T> {
    std::uint8_t index[pass_weights::terms];

    bool has(std::size_t term) const { return std::find(index, index + this->count, term) != index + this->count; }
  };
  struct all_rows {
    pass_program<T> clamp;
    bool has_value = false;
    std::size_t outputs = 0;
    indexed_row row[rows];  // that of the value, then those of the outputs
  };

  // By index, what lies in L1 instead of the description's arrays: noise, and whatever was made for it.
  static constexpr std::size_t indices = gained_noise + outputs;
  struct made_arrays {
    const T* at[indices] = {};

    made_arrays advanced(std::size_t n) const {
      made_arrays result = *this;
      for (const T*& array : result.at)
        if (array != nullptr) array += n;
      return result;
    }
  };

  template <class View>
  void include(const View& of) {
    if (of.samples() != samples_ || of.sample_size() != sample_size_)
      throw error{"pass", "an array of shape " + to_string(of.extents()),
                  std::to_string(samples_) + " samples of " + std::to_string(sample_size_) + " elements"};
    contiguous_ = contiguous_ && of.contiguous();
  }

  bool gains() const { return what_.gain != gain_rule::none; }
  bool generates_noise() const {
    for (const auto& draw : what_.draws)
      if (!draw.is_filled) return true;
    return false;
  }
  T weight(std::size_t r, std::size_t term, std::size_t lane) const {
    return static_cast<T>(what_.weights.at(r, term, lane));
  }
  std::size_t lane_of(std::size_t sample) const { return what_.weights.lanes() == 1 ? 0 : sample; }
  static T per_sample(std::span<const double> values, std::size_t sample, T otherwise) {
    return values.empty() ? otherwise : static_cast<T>(values[values.size() == 1 ? 0 : sample]);
  }

  // Calls add(term) for what may enter row r, in the order of summation; noise with a gain enters apart.
  template <class Add>
  void for_each_term(std::size_t r, Add add) const {
    for (std::size_t k = 0; k < what_.inputs.size(); ++k) add(k);
    if (r > 0 && what_.has_value) add(pass_weights::value_term);
    if (r > 0 && !gains()) for_each_draw(add);
  }
  template <class Add>
  void for_each_draw(Add add) const {
    for (std::size_t j = 0; j < what_.draws.size(); ++j) add(pass_weights::first_draw + j);
  }

  void begin(all_rows& p) const {
    p.has_value = what_.has_value;
    p.outputs = std::min(what_.outputs.size(), outputs);  // g++ 12 warns about arrays of three without being told
  }

  // Lets a term enter a row, with one weight or, where they are not null, with a weight per element.
  void add(indexed_row& to, std::size_t term, T w, const T* weights = nullptr) const {
    if (term == pass_weights::value_term && what_.outputs.size() == 1) {
      to.has_value = true;
      to.value_weight = w;
      to.value_weights = weights;
    } else {
      to.index[to.count] = static_cast<std::uint8_t>(term);
      to.terms[to.count++] = {nullptr, weights, w};
    }
  }

  // Elements [at, end) counted from the start of `sample`, whose weights and clamp hold for all of them.
  void walk(std::size_t sample, std::size_t at, std::size_t end) const {
    const std::size_t lane = lane_of(sample);
    all_rows p;
    begin(p);
    p.clamp.limit = per_sample(what_.limit, sample, p.clamp.limit);
    p.clamp.divisor = per_sample(what_.divisor, sample, p.clamp.divisor);
    p.clamp.clamps = p.clamp.limit != std::numeric_limits<T>::infinity();
    p.clamp.divides = p.clamp.divisor != T{1};
    for (std::size_t r = p.has_value ? 0 : 1; r <= p.outputs; ++r)
      for_each_term(r, [&](std::size_t term) {
        if (const T w = weight(r, term, lane); w != T{0}) add(p.row[r], term, w);
      });
    if (gains())
      walk_with_gain(p, sample, at, end);
    else if (generates_noise())
      walk_with_noise(p, sample, at, end);
    else
      execute(p, sample, at, end - at, {});
  }

  [[gnu::noinline]] void walk_with_noise(all_rows& p, std::size_t sample, std::size_t at, std::size_t end) const {
    noise_maker noise{*this, p};
    const std::size_t most = tile_for(end - at);
    for (; at < end; at += most) {
      const std::size_t n = std::min(most, end - at);
      noise.make(sample, at, n);
      execute(p, sample, at, n, noise.made);
    }
  }

  // gain * (sum of the draws) is made first, then enters the outputs like an array.
  [[gnu::noinline]] void walk_with_gain(all_rows& p, std::size_t sample, std::size_t at, std::size_t end) const {
    alignas(64) T gain[tile], gained[outputs][tile];
    all_rows sums;
    begin(sums);
    for (std::size_t o = 0; o < outputs && o < p.outputs; ++o) {  // g++ 12 wants to be told the bound
      for_each_draw([&](std::size_t term) {
        if (const T w = weight(1 + o, term, lane_of(sample)); w != T{0}) add(sums.row[1 + o], term, w);
      });
      if (!sums.row[1 + o].empty()) add(p.row[1 + o], gained_noise + o, T{1});
    }
    noise_maker noise{*this, sums};
    const std::size_t most = tile_for(end - at);
    for (; at < end; at += most) {
      const std::size_t n = std::min(most, end - at);
      noise.make(sample, at, n);
      make_gain(sample, at, n, gain);
      made_arrays made = noise.made;
      for (std::size_t o = 0; o < outputs && o < p.outputs; ++o) {
        find_arrays(sums.row[1 + o], sample, at, noise.made);
        run_row(sums.row[1 + o], n, gained[o]);
        for (std::size_t i = 0; i < n; ++i) gained[o][i] *= gain[i];
        made.at[gained_noise + o] = gained[o];
      }
      execute(p, sample, at, n, made);
    }
  }

  // Small samples that differ: each tile gets a weight per element. False where there would be too many of them.
  [[gnu::noinline]] bool weigh_elements(std::size_t first_sample, std::size_t end_sample) const {
    constexpr std::size_t elements = small_sample, padded = elements + 64 / sizeof(T);  // spread() writes whole vectors
    struct {
      alignas(64) T weights[most_weights][padded], starts[rows][padded], limits[padded], divisors[padded];
      T of_sample[elements];
    } own;
    struct weighed_term {
      std::size_t row, term;
    };
    inline_vector<weighed_term, most_weights> weighed;
    all_rows p;
    begin(p);
    for (std::size_t r = p.has_value ? 0 : 1; r <= p.outputs; ++r) {
      bool fits = true;
      for_each_term(r, [&](std::size_t term) {
        if (!counts(r, term)) return;
        fits = fits && weighed.size() < most_weights;
        if (!fits) return;
        add(p.row[r], term, T{0}, own.weights[weighed.size()]);
        weighed.push_back({r, term});
      });
      if (!fits) return false;
    }
    p.clamp.weight_per_element = true;
    p.clamp.clamps = !what_.limit.empty();
    p.clamp.divides = !what_.divisor.empty();
    p.clamp.limits = own.limits;
    p.clamp.divisors = own.divisors;

    noise_maker noise{*this, p};
    const std::size_t d = sample_size_, end = end_sample * d;
    for (std::size_t at = first_sample * d; at < end; at += elements) {
      const std::size_t n = std::min(elements, end - at), first = at / d, count = (at + n - 1) / d - first + 1;
      const auto spread_over = [&](auto value, T* to) {
        for (std::size_t s = 0; s < count; ++s) own.of_sample[s] = value(first + s);
        spread(set_, static_cast<const T*>(own.of_sample), at % d, d, n, to);
      };
      bool may_be_empty[rows] = {true, true, true, true};
      for (std::size_t k = 0; k < weighed.size(); ++k) {
        const weighed_term& of = weighed[k];
        spread_over([&](std::size_t sample) { return weight(of.row, of.term, lane_of(sample)); }, own.weights[k]);
        may_be_empty[of.row] = may_be_empty[of.row] && std::count(own.of_sample, own.of_sample + count, T{0}) > 0;
      }
      for (std::size_t r = 0; r <= p.outputs; ++r) {
        p.row[r].starts = nullptr;
        if (!may_be_empty[r]) continue;
        const auto is_weighed = [&](std::size_t sample) {
          return std::any_of(weighed.begin(), weighed.end(), [&](const weighed_term& of) {
            return of.row == r && weight(r, of.term, lane_of(sample)) != T{0};
          });
        };
        spread_over([&](std::size_t sample) { return is_weighed(sample) ? -T{0} : T{0}; }, own.starts[r]);
        p.row[r].starts = own.starts[r];
      }
      const auto limit_of = [&](std::size_t sample) { return per_sample(what_.limit, sample, T{1}); };
      const auto divisor_of = [&](std::size_t sample) { return per_sample(what_.divisor, sample, T{1}); };
      if (p.clamp.clamps) spread_over(limit_of, own.limits);
      if (p.clamp.divides) spread_over(divisor_of, own.divisors);
      noise.make(0, at, n);
      execute(p, 0, at, n, noise.made);
    }
    return true;
  }
  bool counts(std::size_t r, std::size_t term) const {
    for (std::size_t lane = 0; lane < what_.weights.lanes(); ++lane)
      if (weight(r, term, lane) != T{0}) return true;
    return false;
  }

  // Makes the normals that the rows of a pass name, tile after tile.
  class noise_maker {
   public:
    noise_maker(const fused_pass& pass, const all_rows& p) : pass_{pass} {
      const auto& wanted = pass.what_.draws;
      for (std::size_t j = 0; j < wanted.size(); ++j) {
        const increment& which = wanted[j].which;
        if (!wanted[j].is_filled && is_drawn(p, pass_weights::first_draw + j)) {
          makers_[j].emplace(pass.set_,
                             normal_stream{pass.what_.seed, philox_draw(which), which.first_sample, pass.sample_size_});
          made.at[pass_weights::first_draw + j] = normal_[j];
        }
      }
    }
    // Of elements [at, at + n) from the start of `sample` on.
    void make(std::size_t sample, std::size_t at, std::size_t n) {
      const std::size_t begin = sample * pass_.sample_size_ + at;
      for (std::size_t j = 0; j < draws; ++j)
        if (makers_[j]) makers_[j]->make(begin, begin + n, normal_[j]);
    }
    made_arrays made;

   private:
    const fused_pass& pass_;
    alignas(64) T normal_[draws][tile];
    std::optional<normal_maker> makers_[draws];
  };
  static bool is_drawn(const all_rows& p, std::size_t term) {
    for (std::size_t r = 1; r <= p.outputs; ++r)
      if (p.row[r].has(term)) return true;
    return false;
  }

  // Where the arrays of a row lie, from element `at` of `sample` on.
  void find_arrays(indexed_row& row, std::size_t sample, std::size_t at, const made_arrays& made) const {
    for (std::size_t k = 0; k < row.count; ++k) {
      const std::size_t term = row.index[k];
      row.terms[k].from = made.at[term] != nullptr ? made.at[term]
                          : term < pass_weights::inputs
                              ? what_.inputs[term].sample(sample) + at
                              : what_.draws[term - pass_weights::first_draw].filled.sample(sample) + at;
    }
  }

  void run_row(indexed_row& row, std::size_t n, T* to) const {
    pass_program<T> program;
    program.output = &row;
    row.to = to;
    run_program(set_, program, n);
  }

  // Elements [at, at + n) of all rows.
  void execute(all_rows& p, std::size_t sample, std::size_t at, std::size_t n, const made_arrays& made) const {
    if (narrow_) return execute_widened(p, sample, at, n, made);
    execute_native(p, sample, at, n, made);
  }
  void execute_native(all_rows& p, std::size_t sample, std::size_t at, std::size_t n, const made_arrays& made) const {
    T* const store = p.has_value && what_.stores ? what_.store.sample(sample) + at : nullptr;
    if (p.outputs > 1) return execute_in_tiles(p, sample, at, n, made, store);
    pass_program<T> program = p.clamp;
    if (p.has_value) {
      find_arrays(p.row[0], sample, at, made);
      p.row[0].to = store;
      program.value = &p.row[0];
    }
    if (p.outputs == 1) {
      find_arrays(p.row[1], sample, at, made);
      p.row[1].to = what_.outputs[0].sample(sample) + at;
      program.output = &p.row[1];
    }
    run_program(set_, program, n);
  }

  // 16-bit inputs are widened into L1.
  [[gnu::noinline]] void execute_widened(all_rows& p, std::size_t sample, std::size_t at, std::size_t n,
                                         const made_arrays& made) const {
    static_assert(tile >= small_sample);  // weights per element come in one piece
    alignas(64) T widened[pass_weights::inputs][tile];
    for (std::size_t done = 0; done < n; done += tile) {
      const std::size_t count = std::min(tile, n - done);
      made_arrays now = made.advanced(done);
      for (std::size_t k = 0; k < what_.inputs.size(); ++k) {
        const view<T>& in = what_.inputs[k];
        const auto is_used = [k](const indexed_row& row) { return row.has(k); };
        if (in.stored() == storage::native || std::none_of(p.row, p.row + 1 + p.outputs, is_used)) continue;
        now.at[k] = native_elements(in, sample, at + done, count, widened[k]);
      }
      execute_native(p, sample, at + done, count, now);
    }
  }

  // Any array written may be one that another output reads: but for the last one, outputs wait in L1.
  [[gnu::noinline]] void execute_in_tiles(all_rows& p, std::size_t sample, std::size_t at, std::size_t n,
                                          const made_arrays& made, T* store) const {
    alignas(64) T value[tile], held[outputs - 1][tile];
    for (std::size_t done = 0; done < n; done += tile) {
      const std::size_t count = std::min(tile, n - done);
      made_arrays now = made.advanced(done);
      pass_program<T> program = p.clamp;
      if (p.has_value) {
        find_arrays(p.row[0], sample, at + done, now);
        p.row[0].to = value;
        program.value = &p.row[0];
        run_program(set_, program, count);
        program.value = nullptr;
        now.at[pass_weights::value_term] = value;
      }
      for (std::size_t o = 0; o < p.outputs; ++o) {
        find_arrays(p.row[1 + o], sample, at + done, now);
        p.row[1 + o].to = o + 1 < p.outputs ? held[o] : what_.outputs[o].sample(sample) + at + done;
        program.output = &p.row[1 + o];
        run_program(set_, program, count);
      }
      for (std::size_t o = 0; o < outputs - 1 && o + 1 < p.outputs; ++o)
        std::copy_n(held[o], count, what_.outputs[o].sample(sample) + at + done);
      if (store != nullptr) std::copy_n(value, count, store + done);
    }
  }

  void make_gain(std::size_t sample, std::size_t at, std::size_t n, T* gain) const {
    const T offset = static_cast<T>(what_.gain_offset), slope = static_cast<T>(what_.gain_slope);
    const T* e = native_elements(what_.gain_input, sample, at, n, gain);
    switch (what_.gain) {
      case gain_rule::none:
        break;
      case gain_rule::factor:
        if (e != gain) std::copy_n(e, n, gain);
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
  instruction_set set_;
  std::size_t samples_ = 0, sample_size_ = 0;
  bool contiguous_ = true, one_row_ = true, narrow_ = false;
};

}  // namespace noisefall::kernels
