// The distance of each sample to its k-th nearest neighbour.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/metrics/pair_products.hpp>
#include <noisefall/metrics/sample_rows.hpp>

namespace noisefall::detail {

inline void check_neighbours(const char* where, const char* set, std::size_t k, std::size_t count) {
  require(k >= 1 && k < count, where, {"k ", k, " for ", count, " samples that are ", set},
          "1 to the number of samples less one");
}

// Squared distances in x of each sample to its k-th nearest other one.
inline std::vector<double> squared_radii(const sample_rows& x, std::size_t k, std::span<const double> centre) {
  std::vector<double> radii(x.count()), nearest(centred_rows::most * k);
  for_pairs(x, x, centre, kernels::wanted::all, [&](const pair_block& b) {
    if (b.first_column == 0) std::fill(nearest.begin(), nearest.end(), std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < b.rows; ++i) {
      double* const best = nearest.data() + i * k;  // ascending
      for (std::size_t j = 0; j < b.columns; ++j) {
        const double distance = b.squared_distance(i, j);
        if (!(distance < best[k - 1]) || b.first_row + i == b.first_column + j) continue;
        std::size_t at = k - 1;
        for (; at > 0 && best[at - 1] > distance; --at) best[at] = best[at - 1];
        best[at] = distance;
      }
      radii[b.first_row + i] = best[k - 1];
    }
  });
  return radii;
}

}  // namespace noisefall::detail
