// Classifier-free guidance brought back to the conditional prediction's spread.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// y = c + w*(c - u);   guided = phi * y * std(c) / std(y) + (1 - phi) * y
//                                               Lin et al., arXiv:2305.08891, eqs. 14 to 16
// std over the elements of one sample. phi 0 to 1: 0 plain classifier-free guidance, 1 the conditional's std. The paper
// (v-prediction) and diffusers rescale the network's output, whatever that is; the result depends on the space, so that
// `space` may fix it to x0 or eps. Left unscaled: samples of one element, constant samples, and w < 0, where guidance
// gives spread back. Needs a Gram matrix. Two evaluations, one where w is 0 or -1.
struct rescale {
  static constexpr std::string_view name = "rescale";
  static constexpr std::string_view reference = papers::zero_terminal_snr;
  static constexpr bool needs_gram = true;

  weight_schedule weight = 6.5;
  double phi = 0.7;
  guidance_space space = guidance_space::output;

  void check() const { require(phi >= 0 && phi <= 1, "rescale", {"phi ", phi}, "0 <= phi <= 1"); }
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    const double w = weight.at(at);
    if (w <= 0) return classifier_free_weights(w);
    const double n = gram.elements();
    const auto covariance = [&](std::size_t i, std::size_t j) { return gram(i, j) - gram.sum(i) * (gram.sum(j) / n); };
    const double of_c = covariance(0, 0);
    const double of_y = of_c + 2 * w * covariance(0, 1) + w * w * covariance(1, 1);
    if (n < 2 || !(of_y > 0)) return classifier_free_weights(w);
    const double scale = phi * std::sqrt(std::max(of_c, 0.0) / of_y) + (1 - phi);
    return {.guided = {scale * (1 + w), -scale * w}};
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const rescale&, const rescale&) = default;
};

}  // namespace noisefall
