// How far samples are from each other on average.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/metrics/pair_products.hpp>
#include <noisefall/metrics/sample_rows.hpp>

namespace noisefall {

// distance: |x - y|. squared: |x - y|^2. cosine: 1 - x.y / (|x| |y|).
enum class dissimilarity : std::uint8_t { distance, squared, cosine };

// The mean over all pairs of two different samples, unbiased; 0 for samples that are all alike. For N(m, s^2 I) in d
// dimensions the squares have the mean 2 d s^2. Compare within a class, with that of real samples of the class: spread
// between classes hides the loss of spread within them. Throws on fewer than two samples, and on a sample that is 0
// where cosine is asked. Cost: n^2 d / 2 for distances, n d for the other two.
inline double pairwise_dissimilarity(const sample_rows& x, dissimilarity which = dissimilarity::distance) {
  constexpr const char* where = "pairwise_dissimilarity";
  x.check(where, 2);
  const double n = static_cast<double>(x.count()), pairs = n * (n - 1) / 2;
  const std::vector<double> mean = mean_of(x);
  if (which == dissimilarity::distance) {
    double all = 0;
    detail::for_pairs(x, x, mean, kernels::wanted::lower, [&](const detail::pair_block& b) {
      double sum = 0;
      for (std::size_t i = 0; i < b.rows; ++i)
        for (std::size_t j = 0; j < b.columns && b.first_column + j < b.first_row + i; ++j)
          sum += std::sqrt(b.squared_distance(i, j));
      all += sum;
    });
    return all / pairs;
  }
  // Sums over pairs by sums over samples: of |x - y|^2, n times those around the mean; of 1 - u.v over directions,
  // n / 2 times those of |u - mean direction|^2.
  std::vector<double> row(x.size());
  const auto read = [&](std::size_t i) {
    x.read(i, 1, row.data());
    if (which == dissimilarity::squared) return;
    double squares = 0;
    for (const double v : row) squares += v * v;
    require(squares > 0, where, {"sample ", i, " is 0"}, "samples with a direction");
    for (double& v : row) v /= std::sqrt(squares);
  };
  std::vector<double> centre(x.size());
  for (std::size_t i = 0; i < x.count(); ++i) {
    read(i);
    for (std::size_t e = 0; e < x.size(); ++e) centre[e] += row[e] / n;
  }
  double around = 0;
  for (std::size_t i = 0; i < x.count(); ++i) {
    read(i);
    for (std::size_t e = 0; e < x.size(); ++e) around += (row[e] - centre[e]) * (row[e] - centre[e]);
  }
  return (which == dissimilarity::squared ? n : n / 2) * around / pairs;
}

}  // namespace noisefall
