// The inner products of all pairs of samples, block by block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <noisefall/core/function_ref.hpp>
#include <noisefall/metrics/products.hpp>
#include <noisefall/metrics/sample_rows.hpp>

namespace noisefall::detail {

// What the pairs of rows [first_row, + rows) and columns [first_column, + columns) have.
struct pair_block {
  std::size_t first_row, rows, first_column, columns;
  const double* products;  // [rows][stride]
  std::size_t stride;
  const double *squared_of_rows, *squared_of_columns;  // each sample's product with itself

  double product(std::size_t i, std::size_t j) const { return products[i * stride + j]; }
  // |x_i - y_j|^2. Exactly 0 for equal samples; those closer than 1e-8 of their distance from the centre may be, too.
  double squared_distance(std::size_t i, std::size_t j) const {
    return std::max(squared_of_rows[i] + squared_of_columns[j] - 2 * product(i, j), 0.0);
  }
};

// A block of rows around a centre, and their squares.
class centred_rows {
 public:
  static constexpr std::size_t most = 192;

  centred_rows(const sample_rows& of, std::span<const double> centre)
      : of_{of}, centre_{centre}, rows_(std::min(most, of.count()) * of.size()), squares_(std::min(most, of.count())) {}

  void read(std::size_t first, std::size_t count, kernels::row_products& products) {
    const std::size_t d = of_.size();
    of_.read(first, count, rows_.data());
    if (!centre_.empty())
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t e = 0; e < d; ++e) rows_[i * d + e] -= centre_[e];
    constexpr std::size_t few = kernels::tile_rows;
    for (std::size_t i = 0; i < count; i += few) {  // by the kernel of the products: the same bits for the same samples
      double squares[few * few] = {};
      const std::size_t n = std::min(few, count - i);
      const kernels::strided_rows here{rows_.data() + i * d, d};
      products.add(here, n, here, n, 0, d, 1, squares, few);
      for (std::size_t r = 0; r < n; ++r) squares_[i + r] = squares[r * few + r];
    }
  }
  kernels::strided_rows rows() const { return {rows_.data(), of_.size()}; }
  const double* squares() const { return squares_.data(); }

 private:
  const sample_rows& of_;
  std::span<const double> centre_;
  std::vector<double> rows_, squares_;
};

// Shows every pair of a row of x and a row of y once, of samples minus `centre` (none: 0). With `lower`, x and y being
// the same, blocks above the diagonal are left out. Memory: two blocks of 192 samples; n m d multiplications and
// additions.
inline void for_pairs(const sample_rows& x, const sample_rows& y, std::span<const double> centre, kernels::wanted which,
                      function_ref<void(const pair_block&)> see) {
  centred_rows rows{x, centre}, columns{y, centre};
  kernels::row_products products;
  constexpr std::size_t most = centred_rows::most;
  std::vector<double> tile(most * most);
  for (std::size_t i = 0; i < x.count(); i += most) {
    const std::size_t n = std::min(most, x.count() - i);
    rows.read(i, n, products);
    const std::size_t end = which == kernels::wanted::lower ? i + n : y.count();
    for (std::size_t j = 0; j < end; j += most) {
      const std::size_t m = std::min(most, y.count() - j);
      columns.read(j, m, products);
      std::fill(tile.begin(), tile.end(), 0.0);
      products.add(rows.rows(), n, columns.rows(), m, 0, x.size(), 1, tile.data(), most);
      see({i, n, j, m, tile.data(), most, rows.squares(), columns.squares()});
    }
  }
}

}  // namespace noisefall::detail
