// Guidance that keeps the weight of each sample against the law that guidance is often said to sample.
#pragma once

#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// guided = c + w*(c - u);   log W += w (1 + w) / 2 * |s_c - s_u|^2 dt     Skreta et al., arXiv:2503.02819, prop. 3.2
// with scores s = -eps / rho and t = rho^2, rho = sigma / alpha. Under the reverse SDE (stochasticity 1: ddim at eta = 1,
// SDE solvers) with a constant w, samples weighted by W are of the tilted law p(x|c)^(1+w) p(x)^-w, which classifier-free
// guidance by itself does not sample. resampled() (sampler/resampling.hpp) makes them of equal weight. The increment is
// that of the step's first evaluation. Needs a Gram matrix and one number per sample, log W. Two evaluations, one
// where w is 0 or -1.
struct feynman_kac {
  static constexpr std::string_view name = "feynman_kac";
  static constexpr std::string_view reference = papers::feynman_kac;
  static constexpr guidance_space space = guidance_space::eps;
  static constexpr bool needs_gram = true;
  static constexpr std::size_t scalars = 1;

  weight_schedule weight = 1;

  void check() const {}
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    const double w = weight.at(at);
    branch_weights made = classifier_free_weights(w);
    made.next_scalars[0] = gram.scalar(0);
    if (w == 0 || w == -1) return made;
    const double kept = at.to.rho() / at.from.rho();
    made.next_scalars[0] += w * (1 + w) / 2 * gram(1, 1) * (1 - kept) * (1 + kept);
    return made;
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const feynman_kac&, const feynman_kac&) = default;
};

}  // namespace noisefall
