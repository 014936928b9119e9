// What examples/evaluate is made of: sums that know no order, and files of chunks.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <noisefall/metrics/moments.hpp>
#include <noisefall/random/normals.hpp>

#include "../../examples/support/chunk_files.hpp"
#include "../../examples/support/exact_sums.hpp"
#include "catch.hpp"
#include "message_of.hpp"

namespace {

namespace nf = noisefall;
using examples::sample_range;

constexpr std::size_t d = 5;

std::vector<float> normals(std::size_t samples) {
  std::vector<float> x(samples * d);
  nf::normals({1, 0, 0, d}, 0, x.size(), x.data());
  for (std::size_t i = 0; i < x.size(); i += d) x[i] = 10 + 1e-3F * x[i] + x[i + 1] / 8;
  return x;
}

std::string joined(const std::vector<sample_range>& parts) {
  std::string text;
  for (const auto& [first, count] : parts) text += std::to_string(first) + "+" + std::to_string(count) + " ";
  return text;
}

}  // namespace

TEST_CASE("sums of samples have the same bits in any order and by any parts", "[examples]") {
  const std::size_t n = 1000;
  const std::vector<float> x = normals(n);
  examples::exact_sums forward{d}, parts[2] = {examples::exact_sums{d}, examples::exact_sums{d}};
  for (std::size_t i = 0; i < n; ++i) forward.add(i, x.data() + i * d);
  for (std::size_t i = n; i-- > 0;) parts[i * i % 3 == 0].add(i, x.data() + i * d);
  auto& words = parts[0].words();
  for (std::size_t k = 0; k < words.size(); ++k) words[k] += parts[1].words()[k];
  CHECK(words == forward.words());
  CHECK(forward.count() == n);

  const nf::gaussian_moments exact = forward.moments(), usual = nf::moments_of(nf::view<float>{x.data(), {n, d}});
  CHECK((exact.mean - usual.mean).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((exact.covariance - usual.covariance).cwiseAbs().maxCoeff() < 1e-10);
}

TEST_CASE("the digest of samples sees every bit and every place", "[examples]") {
  std::vector<float> x = normals(20);
  const auto digest = [&] {
    examples::exact_sums sums{d};
    for (std::size_t i = 0; i < 20; ++i) sums.add(i, x.data() + i * d);
    return sums.digest();
  };
  const std::uint64_t before = digest();
  x[33] = std::nextafter(x[33], 0.0F);
  const std::uint64_t changed = digest();
  CHECK(changed != before);
  std::swap_ranges(x.begin(), x.begin() + d, x.begin() + d);
  CHECK(digest() != changed);
  x[2] = 17;
  CHECK(message_of(digest) == "sample 0: element 2 is 17.000000; allowed: elements from -16 to 16");
}

TEST_CASE("chunks are found again, whatever their sizes, and what is missing is named", "[examples]") {
  const auto folder = std::filesystem::temp_directory_path() / "noisefall_test_chunks";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::vector<float> x = normals(30);
  const auto slice = [&](const sample_range& r) {
    return std::vector<float>(x.begin() + static_cast<std::ptrdiff_t>(r.first * d),
                              x.begin() + static_cast<std::ptrdiff_t>(r.end() * d));
  };
  examples::chunk_files files{folder, {1, d}};
  CHECK(joined(files.missing({0, 30}, 12)) == "0+12 12+12 24+6 ");
  for (const sample_range& r : {sample_range{4, 6}, sample_range{20, 1}}) files.write(r, slice(r));
  std::ofstream{folder / "samples_10_10.npy.part"} << "half of a chunk";
  files.look();
  CHECK(joined(files.missing({0, 30}, 12)) == "0+4 10+10 21+9 ");
  CHECK(joined(files.missing({5, 15}, 4)) == "10+4 14+4 18+2 ");
  for (const sample_range& r : files.missing({0, 30}, 100)) files.write(r, slice(r));
  files.look();
  CHECK(files.missing({0, 30}, 100).empty());
  CHECK(files.read({0, 30}) == x);
  CHECK(files.read({7, 15}) == slice({7, 15}));

  std::ofstream{folder / "samples_30_2.npy"} << "too short";
  CHECK(message_of([&] { files.look(); }).ends_with("is 9 bytes long; allowed: 168: 2 samples of [1, 5]"));
}
