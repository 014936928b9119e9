// Inner products of linear combinations of arrays, in a fixed order of summation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/tensor/gram_kernels.hpp>
#include <noisefall/tensor/native_elements.hpp>
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
    if (inputs.empty() || n_ == 0 || n_ > most_vectors || basis.size() != n_ * columns_ ||
        inputs.size() > pass_weights::inputs)
      throw error{"gram",
                  std::to_string(basis.size()) + " coefficients for " + std::to_string(inputs.size()) + " inputs",
                  "1 to " + std::to_string(most_vectors) + " vectors of " + std::to_string(columns_) +
                      " coefficients, over 1 to " + std::to_string(std::size_t{pass_weights::inputs}) + " inputs"};
    for (std::size_t v = 0; v < n_; ++v)
      if (!is_constant(v)) varying_[count_++] = v;
  }

  // out[sample * n * n + i * n + j] of `count` samples from `first` on; `out` begins with sample 0.
  void run(std::size_t first, std::size_t count, std::span<double> out) const {
    for (std::size_t sample = first; sample < first + count; ++sample) {
      double* products = out.data() + sample * n_ * n_;
      double sums[most_vectors] = {};
      std::fill_n(products, n_ * n_, 0.0);
      if (count_ <= 3) {
        add_products(sample, varying_, count_, products, sums);
      } else {  // pair by pair; what two pairs share is made twice
        for (std::size_t a = 0; a < count_; ++a)
          for (std::size_t b = a + 1; b < count_; ++b) {
            const std::size_t pair[2] = {varying_[a], varying_[b]};
            for (const std::size_t v : pair) products[v * n_ + v] = sums[v] = 0;
            add_products(sample, pair, 2, products, sums);
          }
      }
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
    alignas(64) T ones[chunk];
    pass_row<T> row;
    row.to = buffer;
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      const T w = static_cast<T>(basis_[v * columns_ + k]);
      const void* from = inputs_[k].address(sample, at);
      if (w == T{0}) continue;
      if (inputs_[k].stored() == storage::native)
        row.native[row.natives++] = {static_cast<const T*>(from), nullptr, w};
      else
        row.narrow[row.narrows++] = {{static_cast<const half*>(from), nullptr, w},
                                     inputs_[k].stored() == storage::bfloat16};
    }
    if (const T w = static_cast<T>(constant(v)); w != T{0}) {
      std::fill_n(ones, n, T{1});
      row.native[row.natives++] = {ones, nullptr, w};
    }
    pass_program<T> program;
    program.output = &row;
    run_program(set_, program, n);
    std::fill_n(buffer + n, padded(n) - n, T{0});
  }
  static std::size_t padded(std::size_t n) { return (n + gram_lanes - 1) / gram_lanes * gram_lanes; }

  // Adds the products of up to three vectors, upper triangle, and their sums.
  void add_products(std::size_t sample, const std::size_t* vectors, std::size_t count, double* products,
                    double* sums) const {
    if (count == 0) return;
    alignas(64) T buffers[3][chunk];
    alignas(64) T lanes_of[9][gram_lanes];
    std::size_t inputs[3];
    for (std::size_t v = 0; v < count; ++v) inputs[v] = input_of(vectors[v]);
    const std::size_t size = inputs_[0].sample_size();
    for (std::size_t at = 0; at < size; at += chunk) {
      const std::size_t n = std::min(chunk, size - at);
      const T* arrays[3];
      for (std::size_t v = 0; v < count; ++v) {
        arrays[v] = buffers[v];
        if (inputs[v] < inputs_.size() && padded(n) == n)
          arrays[v] = inputs_[inputs[v]].sample(sample) + at;
        else
          form(vectors[v], sample, at, n, buffers[v]);
      }
      lanes_of_products(set_, arrays, count, padded(n), lanes_of);
      const T(*lanes)[gram_lanes] = lanes_of;
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t j = i; j < count; ++j) products[vectors[i] * n_ + vectors[j]] += in_order(*lanes++);
      for (std::size_t i = 0; i < count; ++i) sums[vectors[i]] += in_order(*lanes++);
    }
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
