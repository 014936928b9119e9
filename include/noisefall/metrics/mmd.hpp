// The maximum mean discrepancy of two sets of samples, KID among them.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/metrics/own_draw.hpp>
#include <noisefall/metrics/pair_products.hpp>
#include <noisefall/metrics/sample_rows.hpp>
#include <noisefall/random/normals.hpp>
#include <noisefall/tensor/tensor.hpp>

namespace noisefall {

// A positive definite kernel of x and y by their inner product, their squared norms and their size. One that depends on
// x - y alone says so: samples are then taken around a mean, which keeps digits. For example
//   struct cosine {
//     static constexpr bool translation_invariant = false;
//     double operator()(double xy, double xx, double yy, std::size_t) const { return xy / std::sqrt(xx * yy); }
//     void check() const {}
//   };
template <class K>
concept ProductKernel = requires(const K& k, double value, std::size_t d) {
  { k(value, value, value, d) } -> std::convertible_to<double>;
  { K::translation_invariant } -> std::convertible_to<bool>;
  k.check();
};

// (x.y / d + 1)^3, KID's.
struct cubic_kernel {
  static constexpr bool translation_invariant = false;
  double operator()(double xy, double, double, std::size_t d) const {
    const double base = xy / static_cast<double>(d) + 1;
    return base * base * base;
  }
  void check() const {}
};

// exp(-|x - y|^2 / (2 bandwidth^2)). The bandwidth is in units of the samples; the median of their distances is a
// common choice.
struct rbf_kernel {
  static constexpr bool translation_invariant = true;
  double bandwidth = 1;
  double operator()(double xy, double xx, double yy, std::size_t) const {
    return std::exp(-std::max(xx + yy - 2 * xy, 0.0) / (2 * bandwidth * bandwidth));
  }
  void check() const {
    require(std::isfinite(bandwidth) && bandwidth > 0, "rbf_kernel.bandwidth", {bandwidth}, "a finite number > 0");
  }
};

static_assert(ProductKernel<cubic_kernel> && ProductKernel<rbf_kernel>);

// unbiased: pairs of a sample with itself are left out; may be below 0. biased: they are in; not below 0.
enum class mmd_estimate : std::uint8_t { unbiased, biased };

namespace detail {

// The mean of the kernel over the pairs of one set.
template <ProductKernel K>
double mean_within(const sample_rows& x, std::span<const double> centre, const K& kernel, mmd_estimate estimate) {
  double off_diagonal = 0, diagonal = 0;
  for_pairs(x, x, centre, kernels::wanted::lower, [&](const pair_block& b) {
    double sum = 0;
    for (std::size_t i = 0; i < b.rows; ++i)
      for (std::size_t j = 0; j < b.columns && b.first_column + j <= b.first_row + i; ++j) {
        const double k = kernel(b.product(i, j), b.squared_of_rows[i], b.squared_of_columns[j], x.size());
        (b.first_column + j == b.first_row + i ? diagonal : sum) += k;
      }
    off_diagonal += sum;
  });
  const double n = static_cast<double>(x.count());
  return estimate == mmd_estimate::unbiased ? 2 * off_diagonal / (n * (n - 1))
                                            : (2 * off_diagonal + diagonal) / (n * n);
}

}  // namespace detail

// MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y)   (Gretton et al., J. Machine Learning Research 13, 2012)
// Unbiased estimates need two samples of each set or more, biased ones one. Cost: (n^2 / 2 + m^2 / 2 + n m) d, memory
// for two blocks of samples.
template <ProductKernel K>
double mmd_squared(const sample_rows& x, const sample_rows& y, const K& kernel,
                   mmd_estimate estimate = mmd_estimate::unbiased) {
  kernel.check();
  check_pair("mmd_squared", x, y, estimate == mmd_estimate::unbiased ? 2 : 1);
  const std::vector<double> centre = K::translation_invariant ? mean_of(x) : std::vector<double>{};
  double across = 0;
  detail::for_pairs(x, y, centre, kernels::wanted::all, [&](const detail::pair_block& b) {
    double sum = 0;
    for (std::size_t i = 0; i < b.rows; ++i)
      for (std::size_t j = 0; j < b.columns; ++j)
        sum += kernel(b.product(i, j), b.squared_of_rows[i], b.squared_of_columns[j], x.size());
    across += sum;
  });
  across /= static_cast<double>(x.count()) * static_cast<double>(y.count());
  return detail::mean_within(x, centre, kernel, estimate) + detail::mean_within(y, centre, kernel, estimate) -
         2 * across;
}

// The kernel Inception distance, for Inception features: MMD^2 with the cubic kernel, unbiased (Binkowski et al.,
// arXiv:1801.01401). Unlike the Frechet distance it may be compared between sets of different sizes.
inline double kid(const sample_rows& x, const sample_rows& y) { return mmd_squared(x, y, cubic_kernel{}); }

// Which random subsets.
struct kid_subsets {
  std::size_t subsets = 100;  // 2 or more
  std::size_t size = 1000;    // samples of each set in a subset, 2 to all of the smaller set
  std::uint64_t seed = 0;
};
// What the subsets say.
struct kid_estimate {
  double mean = 0;
  double deviation = 0;  // of the subsets' values, not of their mean
};

namespace detail {

// `size` different rows of x, chosen by (seed, number) alone.
inline tensor<double> chosen_rows(const sample_rows& x, std::size_t size, std::uint64_t seed, std::uint64_t number) {
  std::vector<double> keys(x.count());
  normals({seed, metrics_draw, number, x.count()}, 0, keys.size(), keys.data());
  std::vector<std::size_t> order(x.count());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size) - 1, order.end(),
                   [&](std::size_t a, std::size_t b) { return keys[a] != keys[b] ? keys[a] < keys[b] : a < b; });
  tensor<double> chosen{{size, x.size()}};
  for (std::size_t i = 0; i < size; ++i) x.read(order[i], 1, chosen.data() + i * x.size());
  return chosen;
}

}  // namespace detail

// KID as papers report it: the mean over random subsets of both sets, and how far they scatter. Pure: the subsets
// depend on the seed and the sets' sizes only. Cost: 2 subsets size^2 d.
inline kid_estimate kid(const sample_rows& x, const sample_rows& y, const kid_subsets& by) {
  check_pair("kid", x, y, 2);
  const std::size_t most = std::min(x.count(), y.count());
  require(by.subsets >= 2, "kid_subsets.subsets", {by.subsets}, "2 or more");
  require(by.size >= 2 && by.size <= most, "kid_subsets.size", {by.size}, {"2 to ", most, ", the smaller set"});
  std::vector<double> values;
  for (std::uint64_t s = 0; s < by.subsets; ++s)
    values.push_back(
        kid(detail::chosen_rows(x, by.size, by.seed, 2 * s), detail::chosen_rows(y, by.size, by.seed, 2 * s + 1)));
  kid_estimate result;
  for (const double v : values) result.mean += v / static_cast<double>(values.size());
  for (const double v : values) result.deviation += (v - result.mean) * (v - result.mean);
  result.deviation = std::sqrt(result.deviation / static_cast<double>(values.size() - 1));
  return result;
}

}  // namespace noisefall
