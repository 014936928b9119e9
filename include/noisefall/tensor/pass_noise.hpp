// The noise of a pass, made tile after tile, and the element-wise factor on it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include <noisefall/core/instruction_set.hpp>
#include <noisefall/random/philox_source.hpp>
#include <noisefall/tensor/native_elements.hpp>
#include <noisefall/tensor/pass_rows.hpp>
#include <noisefall/tensor/pass_terms.hpp>

namespace noisefall::kernels {

// While the noise of a tile is made, the processor fetches the arrays ahead, as far as its prefetchers look: short
// tiles hide memory behind the generator, long ones cost fewer calls where nothing is to be hidden.
template <class T>
constexpr std::size_t noise_tile_for(std::size_t elements) {
  constexpr std::size_t in_cache = 32768;
  return elements <= in_cache ? pass_tile<T> : pass_tile<T> / 4;
}

// Makes the normals that the rows of a pass name and that the pass is to generate.
template <class T>
class pass_noise {
 public:
  pass_noise(const pass_terms<T>& terms, const pass_rows<T>& rows, std::size_t sample_size, instruction_set set)
      : sample_size_{sample_size} {
    const auto& draws = terms.what.draws;
    for (std::size_t j = 0; j < draws.size(); ++j) {
      const std::size_t term = pass_weights::first_draw + j;
      const increment& which = draws[j].which;
      if (draws[j].is_filled || !rows.has(term)) continue;
      makers_[j].emplace(set, normal_stream{terms.what.seed, philox_draw(which), which.first_sample, sample_size});
      made.at[term] = normal_[j];
    }
  }

  // Of elements [at, at + n) from the start of `sample` on; n is at most a tile.
  void make(std::size_t sample, std::size_t at, std::size_t n) {
    const std::size_t begin = sample * sample_size_ + at;
    for (std::size_t j = 0; j < pass_weights::draws; ++j)
      if (makers_[j]) makers_[j]->make(begin, begin + n, normal_[j]);
  }

  made_arrays<T> made;  // where they are

 private:
  std::size_t sample_size_;
  alignas(64) T normal_[pass_weights::draws][pass_tile<T>];
  std::optional<normal_maker> makers_[pass_weights::draws];
};

// gain(e) of pass.hpp, for elements [at, at + n) of a sample.
template <class T>
void make_gain(const pass_terms<T>& terms, std::size_t sample, std::size_t at, std::size_t n, T* gain) {
  const auto& what = terms.what;
  const T offset = static_cast<T>(what.gain_offset), slope = static_cast<T>(what.gain_slope);
  const T* e = native_elements(what.gain_input, sample, at, n, gain);
  switch (what.gain) {
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

}  // namespace noisefall::kernels
