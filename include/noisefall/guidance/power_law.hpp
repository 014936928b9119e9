// Power-law guidance: a weight that grows with the distance between the branches.
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

// guided = c + w * |c - u|^alpha * (c - u)      Pavasovic et al., arXiv:2502.07849, eq. 11
// with the norm of one sample's difference of scores, |eps_c - eps_u| / sigma. alpha 0: classifier-free guidance; the
// paper's 0.9. The norm grows with the square root of a sample's size, so that w is of another size for another alpha.
// w < 0 gives guidance back by the plain rule. Needs a Gram matrix. Two evaluations, one where w is 0 or -1.
struct power_law {
  static constexpr std::string_view name = "power_law";
  static constexpr std::string_view reference = papers::power_law_cfg;
  static constexpr guidance_space space = guidance_space::eps;
  static constexpr bool needs_gram = true;

  weight_schedule weight = 1;
  double alpha = 0.9;

  void check() const {
    require(alpha > -1 && std::isfinite(alpha), "power_law", {"alpha ", alpha}, "-1 < alpha, finite");
  }
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    const double w = weight.at(at);
    const double distance = w > 0 ? std::sqrt(gram(1, 1)) : 0;
    if (w <= 0 || distance == 0) return classifier_free_weights(w);
    const double strength = w * std::pow(distance / at.at.sigma, alpha);
    return {.guided = {1 + strength, -strength}};
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const power_law&, const power_law&) = default;
};

}  // namespace noisefall
