// MAMBO-G: guidance that is held back where the branches lie far apart.
#pragma once

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

// guided = c + w * exp(-alpha |c - u| / |u|) * (c - u)     Zhu et al., arXiv:2508.03442, eq. 6
// with norms over one sample; the paper's scale 10 is w = 9, its alpha 8. It measures the network's output (a velocity);
// `space` may fix another. u = 0: no guidance. w < 0 gives guidance back by the plain rule. Needs a Gram matrix. Two
// evaluations, one where w is 0 or -1.
struct mambo_g {
  static constexpr std::string_view name = "mambo_g";
  static constexpr std::string_view reference = papers::mambo_g;
  static constexpr bool needs_gram = true;

  weight_schedule weight = 9;
  double alpha = 8;
  guidance_space space = guidance_space::output;

  void check() const {
    require(alpha >= 0 && std::isfinite(alpha), "mambo_g", {"alpha ", alpha}, "alpha >= 0, finite");
  }
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    const double w = weight.at(at);
    if (w <= 0) return classifier_free_weights(w);
    const double uu = gram(0, 0) - 2 * gram(0, 1) + gram(1, 1);
    const double strength = uu > 0 ? w * std::exp(-alpha * std::sqrt(gram(1, 1) / uu)) : 0;
    return {.guided = {1 + strength, -strength}};
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const mambo_g&, const mambo_g&) = default;
};

}  // namespace noisefall
