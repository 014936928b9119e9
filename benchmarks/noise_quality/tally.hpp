// What the quality tests count while normals stream past: power sums, products at lags, tails and a fine histogram.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace bench {

// Counts of normals between -8 and 8 in bins so narrow that tests of the distribution may look at their edges only: at
// 1e9 normals, what lies in one bin moves the largest difference to the normal distribution by about 1 % of its usual
// size.
class fine_histogram {
 public:
  static constexpr std::size_t bins = std::size_t{1} << 24;
  static constexpr double reach = 8, width = 2 * reach / static_cast<double>(bins);

  void add(double z) { ++counts_[static_cast<std::size_t>((z + reach) * (1 / width))]; }
  void add(const fine_histogram& other) {
    for (std::size_t b = 0; b < bins; ++b) counts_[b] += other.counts_[b];
  }
  std::uint32_t count(std::size_t bin) const { return counts_[bin]; }
  static double edge(std::size_t bin) { return static_cast<double>(bin) * width - reach; }  // the lower one

 private:
  std::vector<std::uint32_t> counts_ = std::vector<std::uint32_t>(bins);
};

// Sums of products of two normals, and of their squares less 1, that should know nothing of each other.
struct product_sums {
  double values = 0, squares = 0, pairs = 0;

  void add(const float* x, const float* y, std::size_t n) {
    double sum = 0, sum_of_squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double a = static_cast<double>(x[i]), b = static_cast<double>(y[i]);
      sum += a * b;
      sum_of_squares += (a * a - 1) * (b * b - 1);
    }
    add({sum, sum_of_squares, static_cast<double>(n)});
  }
  void add(const product_sums& other) {
    values += other.values;
    squares += other.squares;
    pairs += other.pairs;
  }
  double value_score() const { return values / std::sqrt(pairs); }
  double square_score() const { return squares / (2 * std::sqrt(pairs)); }
};

struct tally {
  static constexpr std::array<int, 5> powers{1, 2, 3, 4, 6};
  static constexpr std::array<double, 4> tails{4, 5, 6, 6.5};

  std::vector<std::size_t> lags;
  double n = 0, largest = 0;
  std::array<double, powers.size()> power_sums{};
  std::array<double, tails.size()> beyond{};
  std::vector<product_sums> at_lag;
  product_sums between_draws;
  fine_histogram histogram;

  explicit tally(std::vector<std::size_t> distances) : lags{std::move(distances)}, at_lag(lags.size()) {}

  void add(std::span<const float> z) {
    std::array<double, powers.size()> sums{};  // of few, so that they are exact enough
    for (const float value : z) {
      const double x = static_cast<double>(value), x2 = x * x;
      sums[0] += x;
      sums[1] += x2;
      sums[2] += x2 * x;
      sums[3] += x2 * x2;
      sums[4] += x2 * x2 * x2;
      histogram.add(x);
      if (x2 > tails[0] * tails[0]) add_far(std::abs(x));
    }
    for (std::size_t k = 0; k < sums.size(); ++k) power_sums[k] += sums[k];
    n += static_cast<double>(z.size());
    for (std::size_t k = 0; k < lags.size(); ++k)
      if (lags[k] < z.size()) at_lag[k].add(z.data(), z.data() + lags[k], z.size() - lags[k]);
  }

  void add(const tally& other) {
    n += other.n;
    largest = std::max(largest, other.largest);
    for (std::size_t k = 0; k < powers.size(); ++k) power_sums[k] += other.power_sums[k];
    for (std::size_t k = 0; k < tails.size(); ++k) beyond[k] += other.beyond[k];
    for (std::size_t k = 0; k < lags.size(); ++k) at_lag[k].add(other.at_lag[k]);
    between_draws.add(other.between_draws);
    histogram.add(other.histogram);
  }

 private:
  void add_far(double distance) {
    largest = std::max(largest, distance);
    for (std::size_t k = 0; k < tails.size(); ++k) beyond[k] += distance > tails[k] ? 1 : 0;
  }
};

}  // namespace bench
