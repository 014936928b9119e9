// Perp-Neg: negative prompts by the part of them that does not touch the positive one.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// guided = u + (1 + w) * ((c - u) - sum_i s_i * perp_i),   perp_i = (n_i - u) less its part along c - u
//                                               Armandpour et al., arXiv:2304.04968, eqs. 7 and 8
// over one sample, with n_i the branches from 2 on, one per strength s_i. The weights sum to 1, so the space matters
// only through the projection; the paper's is eps. w = 0: off, c alone, negatives and all. w < 0 gives guidance back by
// the plain rule. Needs a Gram matrix. Two evaluations and one per negative; one where w is 0 or -1.
struct perp_neg {
  static constexpr std::string_view name = "perp_neg";
  static constexpr std::string_view reference = papers::perp_neg;
  static constexpr guidance_space space = guidance_space::eps;
  static constexpr bool needs_gram = true;

  weight_schedule weight = 6.5;
  std::vector<double> strengths{1};

  void check() const {
    require(strengths.size() + 2 <= max_branches, "perp_neg: strengths", {strengths.size(), " strengths"},
            {"up to ", max_branches - 2});
    for (const double s : strengths) require(std::isfinite(s), "perp_neg: strengths", {s}, "finite strengths");
  }
  branch_set needs(const guidance_position& at) const {
    const double w = weight.at(at);
    branch_set wanted = classifier_free_needs(w);
    if (w <= 0) return wanted;
    for (std::size_t i = 0; i < strengths.size(); ++i) wanted = wanted | branch_set{2 + i};
    return wanted;
  }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    const double w = weight.at(at);
    branch_weights made = classifier_free_weights(w);
    if (w <= 0) return made;
    for (std::size_t i = 0; i < strengths.size(); ++i) {
      // n_i - u = (c - u) - (c - n_i)
      const double along = gram(1, 1) > 0 ? 1 - gram(1, 2 + i) / gram(1, 1) : 0, strength = (1 + w) * strengths[i];
      made.guided[0] += strength * along;
      made.guided[1] += strength * (1 - along);
      made.guided[2 + i] = -strength;
    }
    return made;
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const perp_neg&, const perp_neg&) = default;
};

}  // namespace noisefall
