// Holds generated digits against real ones, in the features of a classifier.
#pragma once

#include <cstddef>
#include <filesystem>

#include <noisefall/tensor/tensor.hpp>

#include "digit_classifier.hpp"

namespace examples {

// What digits look like. Spreads are over those of real digits, within the classes.
struct digit_looks {
  double accuracy = 0, spread = 0, pixel_spread = 0, coverage = 0, frechet = 0;
};

class digit_judge {
 public:
  // The folder of the classifier's weights and the real digits.
  explicit digit_judge(const std::filesystem::path& data);

  // digits [B,1,28,28]; sample i is to be an i % 10.
  digit_looks operator()(const nf::tensor<float>& digits);
  // Their Frechet distance alone, whatever they are to be.
  double frechet(const nf::tensor<float>& digits);

  // Real digits beside those that the others are held against, as many as there are.
  nf::tensor<float> others(std::size_t seed, std::size_t count) const;

  // How far two samples of a class are apart on average, the samples being of ten classes in turn.
  static double spread(const nf::tensor<float>& x);

 private:
  static constexpr std::size_t references = 1000;

  nf::tensor<float> real(std::size_t first, std::size_t count) const;

  digit_classifier classifier_;
  nf::tensor<float> real_, features_{};
  double feature_spread_ = 1, pixel_spread_ = 1;
};

}  // namespace examples
