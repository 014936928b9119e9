// Inner products of linear combinations of arrays, in double and in a fixed order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/tensor/elementwise.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall::kernels {

// One tile of one sample: forms the n vectors in double and adds their products, upper triangle, to out[n * n].
// Products are summed in lanes, then the lanes in order. A basis coefficient of 0 leaves its array unread.
struct gram_of_tile {
  static constexpr std::size_t tile = 128, max_vectors = 16;

  template <bool Fused, class T>
  [[gnu::always_inline]] static inline void run(const view<T>* inputs, std::size_t sample, std::size_t at,
                                                std::size_t count, const double* basis, std::size_t width,
                                                std::size_t n, double* out) {
    alignas(64) double vectors[max_vectors][tile];
    for (std::size_t v = 0; v < n; ++v) {
      const double* weight = basis + v * width;
      std::fill_n(vectors[v], count, weight[width - 1]);
      std::fill_n(vectors[v] + count, tile - count, 0.0);
      for (std::size_t k = 0; k + 1 < width; ++k)
        if (weight[k] != 0)
          for_each_index(count, add_at_index<Fused, T>{inputs[k].sample(sample) + at, weight[k], vectors[v]});
    }
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i; j < n; ++j) {
        double lanes[trip] = {}, sum = 0;
        for (std::size_t e = 0; e < tile; e += trip)
          for (std::size_t l = 0; l < trip; ++l)
            lanes[l] = multiply_add<Fused>(vectors[i][e + l], vectors[j][e + l], lanes[l]);
        for (const double lane : lanes) sum += lane;
        out[i * n + j] += sum;
      }
  }

 private:
  template <bool Fused, class T>
  struct add_at_index {
    const T* x;
    double weight;
    double* __restrict sum;
    [[gnu::always_inline]] inline void operator()(std::size_t i) const {
      sum[i] = multiply_add<Fused>(weight, static_cast<double>(x[i]), sum[i]);
    }
  };
};

// As Algebra says. Reads each array once per vector that it enters; no allocation.
template <class T>
void gram(std::span<const view<T>> inputs, std::span<const double> basis, std::span<double> out) {
  const std::size_t width = inputs.size() + 1, n = basis.size() / width;
  if (inputs.empty() || n == 0 || n > gram_of_tile::max_vectors || basis.size() != n * width)
    throw error{"gram", std::to_string(basis.size()) + " coefficients for " + std::to_string(inputs.size()) + " inputs",
                "1 to " + std::to_string(gram_of_tile::max_vectors) + " vectors of " + std::to_string(width) +
                    " coefficients, over 1 or more inputs"};
  const std::size_t size = inputs[0].sample_size();
  for (std::size_t sample = 0; sample < inputs[0].samples(); ++sample) {
    double* products = out.data() + sample * n * n;
    std::fill_n(products, n * n, 0.0);
    for (std::size_t at = 0; at < size; at += gram_of_tile::tile)
      run_widest<gram_of_tile>(inputs.data(), sample, at, std::min(gram_of_tile::tile, size - at), basis.data(), width,
                               n, products);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < i; ++j) products[i * n + j] = products[j * n + i];
  }
}

}  // namespace noisefall::kernels
