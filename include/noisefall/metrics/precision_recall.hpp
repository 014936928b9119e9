// Precision and recall of generated samples, by balls around nearest neighbours.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <noisefall/metrics/neighbours.hpp>
#include <noisefall/metrics/pair_products.hpp>
#include <noisefall/metrics/sample_rows.hpp>

namespace noisefall {

// Shares, from 0 to 1.
struct precision_and_recall {
  double precision = 0;  // fidelity: the share of generated samples within the real ones
  double recall = 0;     // diversity: the share of real samples within the generated ones
};

// A sample is within a set if it lies in the closed ball of one of the set's samples, of radius the distance to that
// sample's k-th nearest neighbour in the set (Kynkaanniemi et al., arXiv:1904.06991, in features of a network). One
// outlier's ball may cover everything: where that matters, take density_coverage. Both grow with k and depend on the
// numbers of samples. Throws unless 1 <= k < the number of samples of each set.
// Cost: (n^2 + m^2 + n m) d, memory n + m and two blocks of samples.
inline precision_and_recall precision_recall(const sample_rows& real, const sample_rows& generated, std::size_t k = 3) {
  check_pair("precision_recall", real, generated, 2);
  detail::check_neighbours("precision_recall", "real", k, real.count());
  detail::check_neighbours("precision_recall", "generated", k, generated.count());
  const std::vector<double> centre = mean_of(real);
  const std::vector<double> of_real = detail::squared_radii(real, k, centre);
  const std::vector<double> of_generated = detail::squared_radii(generated, k, centre);
  std::vector<bool> is_real(generated.count()), is_generated(real.count());
  detail::for_pairs(real, generated, centre, kernels::wanted::all, [&](const detail::pair_block& b) {
    for (std::size_t i = 0; i < b.rows; ++i)
      for (std::size_t j = 0; j < b.columns; ++j) {
        const double distance = b.squared_distance(i, j);
        if (distance <= of_real[b.first_row + i]) is_real[b.first_column + j] = true;
        if (distance <= of_generated[b.first_column + j]) is_generated[b.first_row + i] = true;
      }
  });
  const auto share = [](const std::vector<bool>& set) {
    return static_cast<double>(std::count(set.begin(), set.end(), true)) / static_cast<double>(set.size());
  };
  return {share(is_real), share(is_generated)};
}

}  // namespace noisefall
