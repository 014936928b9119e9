// Passes over samples that differ and are too small for a call each: every element gets its sample's weights.
#pragma once

#include <algorithm>
#include <cstddef>

#include <noisefall/core/inline_vector.hpp>
#include <noisefall/core/instruction_set.hpp>
#include <noisefall/tensor/pass_kernels.hpp>
#include <noisefall/tensor/pass_noise.hpp>
#include <noisefall/tensor/pass_rows.hpp>
#include <noisefall/tensor/pass_terms.hpp>

namespace noisefall::kernels {

// Of a contiguous batch, tile after tile. A weight of 0 leaves its array unread for those elements too.
template <class T>
class element_weights {
 public:
  static constexpr std::size_t elements = 512;  // in a tile; longer samples are worth a call
  static_assert(elements <= pass_tile<T>);      // weights come in one piece

  element_weights(const pass_terms<T>& terms, std::size_t sample_size, instruction_set set)
      : terms_{terms}, d_{sample_size}, set_{set}, rows_{terms, set} {
    terms.for_each_row([&](std::size_t r) {
      terms.for_each_term(r, [&](std::size_t term) {
        if (!terms.is_weighed_somewhere(r, term)) return;
        fits_ = fits_ && weighed_.size() < weighed_.capacity();
        if (!fits_) return;
        rows_.add(r, term, T{0}, weights_[weighed_.size()]);
        weighed_.push_back({r, term});
      });
    });
    rows_.clamp.weight_per_element = true;
    rows_.clamp.clamps = !terms.what.limit.empty();
    rows_.clamp.divides = !terms.what.divisor.empty();
    rows_.clamp.limits = limits_;
    rows_.clamp.divisors = divisors_;
  }

  // False where the pass has too many terms for this way.
  bool fits() const { return fits_; }

  void run(std::size_t first_sample, std::size_t end_sample) {
    pass_noise<T> noise{terms_, rows_, d_, set_};
    const std::size_t end = end_sample * d_;
    for (std::size_t at = first_sample * d_; at < end; at += elements) {
      const std::size_t n = std::min(elements, end - at);
      spread_all(at, n);
      noise.make(0, at, n);
      rows_.run(0, at, n, noise.made);
    }
  }

 private:
  static constexpr std::size_t most_weights = 24, padded = elements + 64 / sizeof(T);  // spread() writes whole vectors
  struct weighed_term {
    std::size_t row, term;
  };

  void spread_all(std::size_t at, std::size_t n) {
    bool may_be_empty[pass_terms<T>::rows] = {true, true, true, true};
    for (std::size_t k = 0; k < weighed_.size(); ++k) {
      const weighed_term& of = weighed_[k];
      const bool zeros = spread_over(
          at, n, [&](std::size_t sample) { return terms_.weight(of.row, of.term, sample); }, weights_[k]);
      may_be_empty[of.row] = may_be_empty[of.row] && zeros;
    }
    terms_.for_each_row([&](std::size_t r) {
      if (may_be_empty[r])
        spread_over(
            at, n, [&](std::size_t sample) { return is_empty(r, sample) ? T{0} : -T{0}; }, starts_[r]);
      rows_.set_starts(r, may_be_empty[r] ? starts_[r] : nullptr);
    });
    if (rows_.clamp.clamps)
      spread_over(
          at, n, [&](std::size_t sample) { return terms_.limit(sample); }, limits_);
    if (rows_.clamp.divides)
      spread_over(
          at, n, [&](std::size_t sample) { return terms_.divisor(sample); }, divisors_);
  }

  // to[e] = value(sample of element at + e). Is one of the values 0?
  template <class Value>
  bool spread_over(std::size_t at, std::size_t n, Value value, T* to) {
    const std::size_t first = at / d_, count = (at + n - 1) / d_ - first + 1;
    bool zeros = false;
    for (std::size_t s = 0; s < count; ++s) {
      of_sample_[s] = value(first + s);
      zeros = zeros || of_sample_[s] == T{0};
    }
    spread(set_, static_cast<const T*>(of_sample_), at % d_, d_, n, to);
    return zeros;
  }

  bool is_empty(std::size_t row, std::size_t sample) const {
    return std::none_of(weighed_.begin(), weighed_.end(), [&](const weighed_term& of) {
      return of.row == row && terms_.weight(row, of.term, sample) != T{0};
    });
  }

  const pass_terms<T>& terms_;
  std::size_t d_;
  instruction_set set_;
  pass_rows<T> rows_;
  inline_vector<weighed_term, most_weights> weighed_;
  bool fits_ = true;
  alignas(64) T weights_[most_weights][padded], starts_[pass_terms<T>::rows][padded], limits_[padded],
      divisors_[padded];
  T of_sample_[elements];
};

}  // namespace noisefall::kernels
