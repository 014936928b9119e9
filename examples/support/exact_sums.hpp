// Sums of samples that do not depend on the order of adding: counts, sums and products as whole numbers.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <noisefall/core/error.hpp>
#include <noisefall/metrics/moments.hpp>

namespace examples {

namespace nf = noisefall;

/// Floating-point sums depend on who adds what first, so on ranks and chunks; whole numbers do not. Each element and each
/// product is rounded to a multiple of 2^-52, kept in two words: high * 2^-20 + low * 2^-52. Elements up to `bound` in
/// size and 2^32 samples fit; the mean and covariance have the rounding of a double.
class exact_sums {
 public:
  static constexpr double bound = 16;

  explicit exact_sums(std::size_t d) : d_{d}, words_(2 + 2 * terms(), 0) {}

  /// The sample's number says where its bits stand in the digest.
  void add(std::uint64_t number, const float* sample) {
    std::uint64_t bits = mixed(number + 1);
    std::size_t term = 0;
    for (std::size_t i = 0; i < d_; ++i) {
      if (!(std::abs(sample[i]) <= bound))
        throw nf::error{"sample " + std::to_string(number),
                        "element " + std::to_string(i) + " is " + std::to_string(sample[i]), "elements from -16 to 16"};
      std::uint32_t element = 0;
      static_assert(sizeof(float) == sizeof element);
      std::memcpy(&element, sample + i, sizeof element);
      bits = mixed(bits ^ element);
      put(term++, sample[i]);
    }
    for (std::size_t i = 0; i < d_; ++i)
      for (std::size_t j = 0; j <= i; ++j) put(term++, static_cast<double>(sample[i]) * static_cast<double>(sample[j]));
    words_[0] += 1;
    words_[1] += bits;  // modulo 2^64, in whatever order
  }

  std::uint64_t count() const { return static_cast<std::uint64_t>(words_[0]); }
  /// Of all bits of all samples, each at its number.
  std::uint64_t digest() const { return static_cast<std::uint64_t>(words_[1]); }
  /// What ranks add up, element by element, as 64-bit unsigned numbers (which wrap as these do).
  std::vector<std::uint64_t>& words() { return words_; }

  nf::gaussian_moments moments() const {
    const auto d = static_cast<Eigen::Index>(d_);
    const double n = static_cast<double>(words_[0]);
    nf::gaussian_moments m{Eigen::VectorXd(d), Eigen::MatrixXd(d, d)};
    std::size_t term = 0;
    for (Eigen::Index i = 0; i < d; ++i) m.mean[i] = value(term++) / n;
    for (Eigen::Index i = 0; i < d; ++i)
      for (Eigen::Index j = 0; j <= i; ++j)
        m.covariance(i, j) = m.covariance(j, i) = (value(term++) - n * m.mean[i] * m.mean[j]) / (n - 1);
    return m;
  }

 private:
  std::size_t terms() const { return d_ + d_ * (d_ + 1) / 2; }
  // A permutation of 64 bits that spreads every bit (splitmix64's finaliser).
  static std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
  }
  void put(std::size_t term, double x) {
    const double scaled = x * 0x1p20;
    auto high = static_cast<std::int64_t>(scaled);  // floor, without a call of libm
    high -= static_cast<double>(high) > scaled ? 1 : 0;
    const auto low = static_cast<std::int64_t>((scaled - static_cast<double>(high)) * 0x1p32 + 0.5);
    words_[2 + 2 * term] += static_cast<std::uint64_t>(high);
    words_[3 + 2 * term] += static_cast<std::uint64_t>(low);
  }
  double value(std::size_t term) const {
    return static_cast<double>(static_cast<std::int64_t>(words_[2 + 2 * term])) * 0x1p-20 +
           static_cast<double>(words_[3 + 2 * term]) * 0x1p-52;
  }

  std::size_t d_;
  std::vector<std::uint64_t> words_;  // count, digest, then two for each term
};

}  // namespace examples
