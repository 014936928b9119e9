// What numbers.hpp declares for all programs.
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "numbers.hpp"

double network_output(double x, double alpha, double sigma, double mean) {
  const double pull = alpha * x / (alpha * alpha + 4 * sigma * sigma);
  return (x - alpha * (mean + pull / std::sqrt(1 + pull * pull))) / sigma;
}

std::vector<std::uint64_t> bits_of(const numbers& all) {
  std::vector<std::uint64_t> bits{all.normals, all.passes, all.gram, all.quantile};
  for (const numbers::sample& sample : all.samples)
    for (const double x : sample.elements) bits.push_back(std::bit_cast<std::uint64_t>(x));
  return bits;
}
