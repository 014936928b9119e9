// Adaptive guidance: classifier-free guidance that ends where the branches agree.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// guided = c + w*(c - u) up to the step after which cos(c, u) > threshold, c from then on
//                                               Castillo et al., arXiv:2312.12487, section 4
// Each sample ends by itself; once all of a batch have, the unconditional branch is no longer evaluated. The paper
// compares eps, at 0.991; `space` may fix another (the velocities of flow models never agree that closely). The first
// evaluation of a step decides about the steps after it. Needs a Gram matrix and one number per sample. Two
// evaluations, one where w is 0 or -1 and at the end.
struct adaptive_guidance {
  static constexpr std::string_view name = "adaptive_guidance";
  static constexpr std::string_view reference = papers::adaptive_guidance;
  static constexpr bool needs_gram = true;
  static constexpr std::size_t scalars = 1;  // 1: guidance has ended

  weight_schedule weight = 6.5;
  double threshold = 0.991;
  guidance_space space = guidance_space::eps;

  void check() const {
    require(threshold > -1 && threshold <= 1, "adaptive_guidance", {"threshold ", threshold}, "-1 < threshold <= 1");
  }
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_set needs(const guidance_position& at, std::span<const double> remembered) const {
    const auto ended = std::count(remembered.begin(), remembered.end(), 1.0);
    if (ended == 0) return needs(at);
    return ended == std::ssize(remembered) ? branch_set{0} : needs(at) | branch_set{0};
  }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    const double w = gram.scalar(0) == 1 ? 0 : weight.at(at);
    branch_weights result = classifier_free_weights(w);
    result.next_scalars[0] = gram.scalar(0);
    if (w != 0 && w != -1 && agree(gram)) result.next_scalars[0] = 1;
    return result;
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const adaptive_guidance&, const adaptive_guidance&) = default;

 private:
  bool agree(const gram_matrix& gram) const {
    const double cu = gram(0, 0) - gram(0, 1), uu = cu - gram(0, 1) + gram(1, 1);
    return cu > threshold * std::sqrt(std::max(gram(0, 0) * uu, 0.0));
  }
};

}  // namespace noisefall
