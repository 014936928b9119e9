// Classifier-free guidance whose length is held to the conditional prediction's.
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

// y = c + w*(c - u);   guided = y * ratio |c| / |y|      Zhang et al., arXiv:2412.09966, eq. 4 (energy preserving)
// with norms over one sample. only_shrinks leaves a y that is shorter as it is: min(1, ratio |c| / |y|), the cap known
// as CFG-Renorm. Against a spread about the mean see rescale. The networks' outputs are measured; `space` may fix
// another. w < 0 gives guidance back by the plain rule. Needs a Gram matrix. Two evaluations, one where w is 0 or -1.
struct cfg_norm {
  static constexpr std::string_view name = "cfg_norm";
  static constexpr std::string_view reference = papers::ep_cfg;
  static constexpr bool needs_gram = true;

  weight_schedule weight = 6.5;
  double ratio = 1;
  bool only_shrinks = true;
  guidance_space space = guidance_space::output;

  void check() const { require(ratio > 0 && std::isfinite(ratio), "cfg_norm", {"ratio ", ratio}, "ratio > 0, finite"); }
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    const double w = weight.at(at);
    if (w <= 0) return classifier_free_weights(w);
    const double yy = gram(0, 0) + 2 * w * gram(0, 1) + w * w * gram(1, 1);
    if (!(yy > 0)) return classifier_free_weights(w);
    const double wanted = ratio * std::sqrt(gram(0, 0) / yy);
    const double scale = only_shrinks ? std::min(1.0, wanted) : wanted;
    return {.guided = {scale * (1 + w), -scale * w}};
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const cfg_norm&, const cfg_norm&) = default;
};

}  // namespace noisefall
