#include "digit_judge.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <noisefall/metrics/density_coverage.hpp>
#include <noisefall/metrics/dissimilarity.hpp>
#include <noisefall/metrics/frechet.hpp>

namespace examples {

digit_judge::digit_judge(const std::filesystem::path& data)
    : classifier_{data / "digit_classifier_f16.safetensors"}, real_{real_digits(data / "real_digits.png")} {
  const auto known = real(0, references);
  features_ = classifier_(known.elements()).features;
  feature_spread_ = spread(features_);
  pixel_spread_ = spread(known);
}

digit_looks digit_judge::operator()(const nf::tensor<float>& digits) {
  const auto judged = classifier_(digits.elements());
  digit_looks found;
  const std::size_t count = digits.extents().samples();
  for (std::size_t i = 0; i < count; ++i)
    found.accuracy += (judged.label(i) == i % 10 ? 1.0 : 0.0) / static_cast<double>(count);
  found.spread = spread(judged.features) / feature_spread_;
  found.pixel_spread = spread(digits) / pixel_spread_;
  found.coverage = nf::density_coverage(features_, judged.features).coverage;
  found.frechet = nf::frechet_distance(features_, judged.features);
  return found;
}

double digit_judge::frechet(const nf::tensor<float>& digits) {
  return nf::frechet_distance(features_, classifier_(digits.elements()).features);
}

nf::tensor<float> digit_judge::others(std::size_t seed, std::size_t count) const {
  std::vector<std::size_t> faces((real_.extents().samples() - references) / 10);
  for (std::size_t i = 0; i < faces.size(); ++i) faces[i] = references / 10 + i;
  std::shuffle(faces.begin(), faces.end(), std::mt19937{static_cast<unsigned>(seed)});
  nf::tensor<float> chosen({count, 1, 28, 28});
  for (std::size_t i = 0; i < count; ++i)
    std::copy_n(real_.data() + (10 * faces[i / 10 % faces.size()] + i % 10) * 784, 784, chosen.data() + i * 784);
  return chosen;
}

double digit_judge::spread(const nf::tensor<float>& x) {
  const std::size_t count = x.extents().samples(), size = x.extents().sample_size();
  double total = 0;
  for (std::size_t c = 0; c < 10; ++c) {
    nf::tensor<float> own({(count - c + 9) / 10, size});
    for (std::size_t i = c; i < count; i += 10) std::copy_n(x.data() + i * size, size, own.data() + i / 10 * size);
    total += nf::pairwise_dissimilarity(own) / 10;
  }
  return total;
}

nf::tensor<float> digit_judge::real(std::size_t first, std::size_t count) const {
  nf::tensor<float> part({count, 1, 28, 28});
  std::copy_n(real_.data() + first * 784, count * 784, part.data());
  return part;
}

}  // namespace examples
