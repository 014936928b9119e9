// Products of matrices for the metrics, on the widest vectors that the processor has.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <noisefall/core/instruction_set.hpp>

namespace noisefall::kernels {

// What a kernel works out at once.
inline constexpr std::size_t tile_rows = 6, tile_columns = 16;

}  // namespace noisefall::kernels

// NOLINTNEXTLINE(bugprone-macro-parentheses): the name of a file
#define NOISEFALL_KERNEL <noisefall/metrics/products_kernel.inc>
#include <noisefall/core/every_instruction_set.inc>

namespace noisefall::kernels {

inline void add_tile_of_products(instruction_set set, const double* a, const double* b, std::size_t depth,
                                 double factor, double* c, std::size_t stride) {
  NOISEFALL_BY(set, add_tile_of_products(a, b, depth, factor, c, stride));
}
inline void add_four_rows(instruction_set set, const double* const* rows, std::size_t n, const double* x,
                          const double* of_rows, double* y, double* sums) {
  NOISEFALL_BY(set, add_four_rows(rows, n, x, of_rows, y, sums));
}

}  // namespace noisefall::kernels

#undef NOISEFALL_BY
#undef NOISEFALL_KERNEL

namespace noisefall::kernels {

// Element k of row i stands at data[i * row_stride + k * element_stride].
struct strided_rows {
  const double* data;
  std::size_t row_stride, element_stride = 1;
};

enum class wanted { all, lower };  // lower: what stands on and below the diagonal; the rest holds anything

// Inner products of rows. An element of the result depends on its two rows and on the first element that is looked at,
// not on where the rows stand among others: equal rows have equal products, and those of i and j are those of j and i.
// Keeps its workspace, up to 3 MB, from call to call.
class row_products {
 public:
  explicit row_products(instruction_set set = widest_instruction_set()) : set_{set} {}

  // c[i * c_stride + j] += factor * sum over k in [first, last) of a(i, k) * b(j, k), for i < rows and j < columns. The
  // factor is a power of two or minus one, by which multiplying rounds nothing.
  void add(const strided_rows& a, std::size_t rows, const strided_rows& b, std::size_t columns, std::size_t first,
           std::size_t last, double factor, double* c, std::size_t c_stride, wanted which = wanted::all) {
    for (std::size_t k = first; k < last; k += depth_block) {
      const std::size_t depth = std::min(depth_block, last - k);
      for (std::size_t j = 0; j < columns; j += column_block) {
        const std::size_t width = std::min(column_block, columns - j);
        pack<tile_columns>(b, j, width, k, depth, packed_b_);
        for (std::size_t i = which == wanted::lower ? j / row_block * row_block : 0; i < rows; i += row_block) {
          const std::size_t height = std::min(row_block, rows - i);
          pack<tile_rows>(a, i, height, k, depth, packed_a_);
          add_block(i, height, j, width, depth, factor, c, c_stride, which);
        }
      }
    }
  }

 private:
  static constexpr std::size_t depth_block = 192, row_block = 96, column_block = 2048;

  // [panel][k][Width], the rows of a panel side by side; rows that are not there are 0.
  template <std::size_t Width>
  static void pack(const strided_rows& from, std::size_t first, std::size_t count, std::size_t k, std::size_t depth,
                   std::vector<double>& to) {
    to.resize((count + Width - 1) / Width * Width * depth);
    double* at = to.data();
    for (std::size_t panel = 0; panel < count; panel += Width) {
      const std::size_t width = std::min(Width, count - panel);
      const double* source = from.data + (first + panel) * from.row_stride + k * from.element_stride;
      if (width < Width) std::fill_n(at, Width * depth, 0.0);
      if (from.row_stride < from.element_stride) {  // the order in which they stand in memory
        for (std::size_t e = 0; e < depth; ++e)
          for (std::size_t row = 0; row < width; ++row)
            at[e * Width + row] = source[row * from.row_stride + e * from.element_stride];
      } else {
        for (std::size_t row = 0; row < width; ++row)
          for (std::size_t e = 0; e < depth; ++e)
            at[e * Width + row] = source[row * from.row_stride + e * from.element_stride];
      }
      at += Width * depth;
    }
  }

  void add_block(std::size_t i, std::size_t height, std::size_t j, std::size_t width, std::size_t depth, double factor,
                 double* c, std::size_t c_stride, wanted which) const {
    for (std::size_t column = 0; column < width; column += tile_columns) {
      const std::size_t columns = std::min(tile_columns, width - column);
      const double* const from_b = packed_b_.data() + column * depth;
      for (std::size_t row = 0; row < height; row += tile_rows) {
        const std::size_t rows = std::min(tile_rows, height - row);
        if (which == wanted::lower && j + column >= i + row + rows) continue;
        const double* const from_a = packed_a_.data() + row * depth;
        double* const to = c + (i + row) * c_stride + j + column;
        if (rows == tile_rows && columns == tile_columns) {
          add_tile_of_products(set_, from_a, from_b, depth, factor, to, c_stride);
          continue;
        }
        alignas(64) double tile[tile_rows * tile_columns] = {};
        add_tile_of_products(set_, from_a, from_b, depth, factor, tile, tile_columns);
        for (std::size_t r = 0; r < rows; ++r)
          for (std::size_t s = 0; s < columns; ++s) to[r * c_stride + s] += tile[r * tile_columns + s];
      }
    }
  }

  instruction_set set_;
  std::vector<double> packed_a_, packed_b_;
};

// y = A x for the symmetric [n, n] matrix of which the triangle on and below the diagonal stands at
// a[i * stride + j]. Reads that triangle once.
inline void symmetric_product(instruction_set set, const double* a, std::size_t stride, std::size_t n, const double* x,
                              double* y) {
  constexpr std::size_t four = 4;
  std::fill_n(y, n, 0.0);
  std::size_t i = 0;
  for (; i + four <= n; i += four) {
    const double* rows[four];
    double sums[four] = {};
    for (std::size_t r = 0; r < four; ++r) rows[r] = a + (i + r) * stride;
    add_four_rows(set, rows, i, x, x + i, y, sums);
    for (std::size_t r = 0; r < four; ++r) {
      for (std::size_t j = i; j < i + r; ++j) {
        sums[r] += rows[r][j] * x[j];
        y[j] += rows[r][j] * x[i + r];
      }
      y[i + r] += sums[r] + rows[r][i + r] * x[i + r];
    }
  }
  for (; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      y[i] += a[i * stride + j] * x[j];
      y[j] += a[i * stride + j] * x[i];
    }
    y[i] += a[i * stride + i] * x[i];
  }
}

}  // namespace noisefall::kernels
