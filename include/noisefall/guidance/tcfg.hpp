// Tangential damping: guidance by the part of the unconditional prediction that lies along what the branches share.
#pragma once

#include <cmath>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// u' = <u, v> v with v the first right singular vector of the two rows (c, u);   guided = c + w*(c - u')
//                                               Kwon et al., arXiv:2503.18137, listing 1
// over one sample. v = (p c + q u) / |p c + q u| with (p, q) the first eigenvector of the 2 x 2 Gram matrix, so that no
// decomposition of long rows is made. The paper projects the network's output; `space` may fix another. w < 0 gives
// guidance back by the plain rule. Needs a Gram matrix. Two evaluations, one where w is 0 or -1.
struct tcfg {
  static constexpr std::string_view name = "tcfg";
  static constexpr std::string_view reference = papers::tcfg;
  static constexpr bool needs_gram = true;

  weight_schedule weight = 6.5;
  guidance_space space = guidance_space::output;

  void check() const {}
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    const double w = weight.at(at);
    if (w <= 0) return classifier_free_weights(w);
    constexpr std::size_t c = 0, d = 1;
    const double cu = gram(c, c) - gram(c, d);
    // <c, c> - <u, u> from the difference, which keeps its digits where c and u nearly agree
    const double angle = 0.5 * std::atan2(2 * cu, 2 * gram(c, d) - gram(d, d));
    const double p = std::cos(angle), q = std::sin(angle);
    return {.guided = {1 + w - w * q * p, -w * q * q}};
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const tcfg&, const tcfg&) = default;
};

}  // namespace noisefall
