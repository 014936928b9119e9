// Compares the numbers of both files, linked into this program, and those of the programs that linked one of them, in
// the files named as arguments.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <vector>

#include "numbers.hpp"

namespace {

std::vector<std::uint64_t> read(const char* path) {
  std::ifstream file{path};
  std::vector<std::uint64_t> all;
  for (std::uint64_t bits = 0; file >> bits;) all.push_back(bits);
  return all;
}

// The kernels give the same bits. Schedules, spacings and solvers compute in double and inline, where -march=native
// lets g++ contract a product and a sum into one fma: their numbers, and so the samples, differ in the last bit (with
// -ffp-contract=off they do not). Measured: 3e-16 for double and nothing for float, where the coefficients are rounded;
// 1e-13 for adaptive steps, which amplify it.
bool agree(const char* name, const numbers& expected, const std::vector<std::uint64_t>& got) {
  const std::vector<std::uint64_t> wanted = bits_of(expected);
  if (got.size() != wanted.size()) {
    std::printf("%s: %zu numbers instead of %zu\n", name, got.size(), wanted.size());
    return false;
  }
  constexpr std::array hashes{"normals", "passes", "gram", "quantile"};
  bool all = true;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const bool same = got[i] == wanted[i];
    std::printf("%s: %s %s\n", name, hashes[i], same ? "same bits" : "OTHER BITS");
    all = all && same;
  }
  std::size_t at = hashes.size();
  for (const numbers::sample& sample : expected.samples) {
    const double most = sample.single ? 1e-6 : 1e-12;
    double worst = 0;
    bool close = true;
    for (const double x : sample.elements) {
      const double difference = std::abs(x - std::bit_cast<double>(got[at++])) / (1 + std::abs(x));
      close = close && difference <= most;  // a NaN is not
      worst = std::max(worst, difference);
    }
    std::printf("%s: %s in %s differs by %.3g%s\n", name, sample.solver, sample.single ? "float" : "double", worst,
                close ? "" : ": TOO MUCH");
    all = all && close;
  }
  return all;
}

}  // namespace

int main(int count, char** arguments) {
  const numbers plain = with_plain_flags::compute();
  bool all = agree("with native flags", plain, bits_of(with_native_flags::compute()));
  for (int i = 1; i < count; ++i) all = agree(arguments[i], plain, read(arguments[i])) && all;
  return all ? 0 : 1;
}
