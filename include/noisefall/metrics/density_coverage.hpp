// Density and coverage of generated samples, by balls around real ones.
#pragma once

#include <cstddef>
#include <vector>

#include <noisefall/metrics/neighbours.hpp>
#include <noisefall/metrics/pair_products.hpp>
#include <noisefall/metrics/sample_rows.hpp>

namespace noisefall {

// The share of coverage is from 0 to 1; a density may be above 1.
struct density_and_coverage {
  double density = 0;   // fidelity: about 1 for samples like the real ones, above it where they crowd
  double coverage = 0;  // diversity: the share of real samples that have a generated one nearby
};

// With m generated samples y and the closed balls of the real samples x, of radius the distance to the k-th nearest
// other real one (Naeem et al., arXiv:2002.09797):
//   density  = sum over y of (the number of balls that hold y) / (k m)
//   coverage = the share of balls that hold a y
// Only real samples have balls, so an outlier among the generated ones does no harm, as it does to recall. For sets of
// one continuous law, E density = 1 and E coverage = 1 - (n-1) ... (n-k) / ((n+m-1) ... (n+m-k)), 1 - 2^-k for large
// n = m. Throws unless 1 <= k < the number of real samples n. Cost: (n^2 + n m) d, memory n and two blocks of samples.
inline density_and_coverage density_coverage(const sample_rows& real, const sample_rows& generated, std::size_t k = 5) {
  check_pair("density_coverage", real, generated, 1);
  detail::check_neighbours("density_coverage", "real", k, real.count());
  const std::vector<double> centre = mean_of(real), radii = detail::squared_radii(real, k, centre);
  std::vector<std::size_t> held(real.count());
  detail::for_pairs(real, generated, centre, kernels::wanted::all, [&](const detail::pair_block& b) {
    for (std::size_t i = 0; i < b.rows; ++i)
      for (std::size_t j = 0; j < b.columns; ++j)
        held[b.first_row + i] += b.squared_distance(i, j) <= radii[b.first_row + i] ? 1 : 0;
  });
  std::size_t all = 0, hit = 0;
  for (const std::size_t count : held) {
    all += count;
    hit += count > 0 ? 1 : 0;
  }
  const auto number = [](std::size_t n) { return static_cast<double>(n); };
  return {number(all) / (number(k) * number(generated.count())), number(hit) / number(real.count())};
}

}  // namespace noisefall
