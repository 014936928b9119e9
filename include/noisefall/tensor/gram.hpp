// Inner products of linear combinations of arrays, in a fixed order of summation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/tensor/gram_kernels.hpp>
#include <noisefall/tensor/pass_kernels.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall::kernels {

// The vectors are formed in T, chunk by chunk in L1, so that differences of nearly equal arrays lose nothing; a vector
// that is an array stays where it is. Lanes of a chunk are summed in T, lanes and chunks in double and in order: 1e-8
// for float, and bits that depend neither on the instruction set nor on the batch.
template <class T>
class gram_of_samples {
 public:
  gram_of_samples(std::span<const view<T>> inputs, std::span<const double> basis)
      : inputs_{inputs},
        basis_{basis},
        columns_{inputs.size() + 1},
        n_{basis.size() / columns_},
        set_{widest_instruction_set()} {
    if (inputs.empty() || n_ == 0 || n_ > most_vectors || basis.size() != n_ * columns_)
      refuse("gram", std::to_string(basis.size()) + " coefficients for " + std::to_string(inputs.size()) + " inputs",
             "1 to " + std::to_string(most_vectors) + " vectors of " + std::to_string(columns_) +
                 " coefficients, over 1 or more inputs");
    for (std::size_t v = 0; v < n_; ++v)
      if (!is_constant(v)) varying_[count_++] = v;
  }

  // out[sample * n * n + i * n + j] of `count` samples from `first` on; `out` begins with sample 0.
  void run(std::size_t first, std::size_t count, std::span<double> out) const {
    for (std::size_t sample = first; sample < first + count; ++sample) {
      double* products = out.data() + sample * n_ * n_;
      double sums[most_vectors] = {};
      std::fill_n(products, n_ * n_, 0.0);
      if (count_ == 1) add_products(sample, varying_[0], varying_[0], products, sums);
      for (std::size_t a = 0; a < count_; ++a)
        for (std::size_t b = a + 1; b < count_; ++b) add_products(sample, varying_[a], varying_[b], products, sums);
      finish(products, sums);
    }
  }

 private:
  static constexpr std::size_t most_vectors = 16, chunk = 1024;

  double constant(std::size_t v) const { return basis_[v * columns_ + columns_ - 1]; }
  bool is_constant(std::size_t v) const {
    const double* weight = basis_.data() + v * columns_;
    return std::all_of(weight, weight + columns_ - 1, [](double w) { return w == 0; });
  }

  // The input that vector v is, if it is one; else inputs_.size().
  std::size_t input_of(std::size_t v) const {
    std::size_t found = inputs_.size(), others = constant(v) != 0;
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      const double w = basis_[v * columns_ + k];
      if (w == 1 && inputs_[k].stored() == storage::native) found = k;
      others += w != 0;
    }
    return others == 1 ? found : inputs_.size();
  }

  // Elements [at, at + n) of a vector, in `buffer`, followed by zeros up to a multiple of the lanes.
  void form(std::size_t v, std::size_t sample, std::size_t at, std::size_t n, T* buffer) const {
    bool begun = constant(v) != 0;
    if (begun) std::fill_n(buffer, n, static_cast<T>(constant(v)));
    constexpr T one = 1;
    T weights[pass_weights::terms];
    pass_program<T> program;
    pass_row<T> row;
    program.lane_size = n;
    program.output = &row;
    row.to = buffer;
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      const T w = static_cast<T>(basis_[v * columns_ + k]);
      if (w == T{0}) continue;
      if (row.count == 0 && begun) row.terms[row.count++] = {buffer, &one, storage::native};
      weights[row.count] = w;
      row.terms[row.count] = {inputs_[k].address(sample, at), &weights[row.count], inputs_[k].stored()};
      if (++row.count < pass_weights::terms) continue;
      run_program(set_, program);
      row.count = 0;
      begun = true;
    }
    if (row.count > 0) run_program(set_, program);
    std::fill_n(buffer + n, padded(n) - n, T{0});
  }
  static std::size_t padded(std::size_t n) { return (n + gram_lanes - 1) / gram_lanes * gram_lanes; }

  // The products of two vectors, upper triangle, and their sums.
  void add_products(std::size_t sample, std::size_t a, std::size_t b, double* products, double* sums) const {
    alignas(64) T buffers[2][chunk];
    alignas(64) T lanes_of[5][gram_lanes];
    const std::size_t vectors[2] = {a, b}, inputs[2] = {input_of(a), input_of(b)};
    const std::size_t size = inputs_[0].sample_size();
    double totals[5] = {};
    for (std::size_t at = 0; at < size; at += chunk) {
      const std::size_t n = std::min(chunk, size - at);
      const T* arrays[2];
      for (std::size_t v = 0; v < 2; ++v) {
        arrays[v] = buffers[v];
        if (inputs[v] < inputs_.size() && padded(n) == n)
          arrays[v] = inputs_[inputs[v]].sample(sample) + at;
        else
          form(vectors[v], sample, at, n, buffers[v]);
      }
      lanes_of_products(set_, arrays[0], arrays[1], padded(n), lanes_of);
      for (std::size_t p = 0; p < 5; ++p) totals[p] += in_order(lanes_of[p]);
    }
    products[a * n_ + a] = totals[0];
    products[a * n_ + b] = totals[1];
    products[b * n_ + b] = totals[2];
    sums[a] = totals[3];
    sums[b] = totals[4];
  }
  static double in_order(const T (&lanes)[gram_lanes]) {
    double sum = 0;
    for (const T lane : lanes) sum += static_cast<double>(lane);
    return sum;
  }

  // The products with constants, and the lower triangle.
  void finish(double* products, const double* sums) const {
    const double size = static_cast<double>(inputs_[0].sample_size());
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t j = i; j < n_; ++j) {
        const bool is = is_constant(i), js = is_constant(j);
        double& product = products[i * n_ + j];
        if (is && js)
          product = constant(i) * constant(j) * size;
        else if (is || js)
          product = is ? constant(i) * sums[j] : constant(j) * sums[i];
        products[j * n_ + i] = product;
      }
  }

  std::span<const view<T>> inputs_;
  std::span<const double> basis_;
  std::size_t columns_, n_, varying_[most_vectors], count_ = 0;
  instruction_set set_;
};

}  // namespace noisefall::kernels
