// Samples for the tests of metrics.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <noisefall/random/normals.hpp>
#include <noisefall/tensor/tensor.hpp>

// A batch of d elements each, row by row.
inline noisefall::tensor<double> rows_of(std::size_t d, const std::vector<double>& elements) {
  noisefall::tensor<double> x{{elements.size() / d, d}};
  for (std::size_t i = 0; i < elements.size(); ++i) x[i] = elements[i];
  return x;
}

inline noisefall::tensor<double> normal_rows(std::size_t n, std::size_t d, std::uint64_t seed) {
  noisefall::tensor<double> x{{n, d}};
  noisefall::normals({seed, 0, 0, d}, 0, x.size(), x.data());
  return x;
}

// The number below which N(0, 1) is with probability p.
inline double normal_quantile(double p) {
  double low = -40, high = 40;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}
