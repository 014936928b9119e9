// Guidance away from the same network with its insides disturbed: PAG, SEG, skipped layers.
#pragma once

#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// guided = c + w*(c - u) + s*(c - p)            Ahn et al., arXiv:2403.17377, eqs. 15 and 16
// with w = weight, s = perturbed, and p branch 2: what the predictor answers with the disturbance that its own hook makes
// (identity attention: PAG; blurred queries: SEG; left-out layers: SLG), which stands in the condition that the caller
// gives the branch. weight 0 guides by the disturbance alone. Linear, so the same in every space. Three evaluations; a
// branch without weight is not evaluated.
struct perturbed_branch {
  static constexpr std::string_view name = "perturbed_branch";
  static constexpr std::string_view reference = papers::perturbed_attention;
  static constexpr guidance_space space = guidance_space::output;

  weight_schedule weight = 6.5, perturbed = 3;

  void check() const {}
  branch_set needs(const guidance_position& at) const {
    for (const double w : {weight.at(at), perturbed.at(at)}) classifier_free_needs(w);
    return branches_weighed(weights(at));
  }
  branch_weights weights(const guidance_position& at) const {
    const double w = weight.at(at), s = perturbed.at(at);
    branch_weights made = classifier_free_weights(w);
    if (s == 0) return made;
    made.guided[0] = 1 + w + s;
    made.guided[2] = -s;
    return made;
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const {
    return (weight * perturbed).breakpoints(on);  // where either jumps
  }

  friend bool operator==(const perturbed_branch&, const perturbed_branch&) = default;
};

}  // namespace noisefall
