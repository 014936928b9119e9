// Beta-CFG: guidance of a set length that rises and falls over the run.
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

// guided = u + (1 + w) * beta(p; a, b) * (c - u) / |c - u|^gamma     Malarz et al., arXiv:2502.10574, eqs. 7 and 9
// with p the fraction of the steps that is done and beta the density of the beta distribution: 0 at both ends for a and
// b above 1, where the branches mix to u. The norm is that of one sample; gamma 0 leaves the difference as long as it
// is. For a change of weight alone, take classifier_free with weight_schedule::beta. w = 0: off, c alone. w < 0 gives
// guidance back by the plain rule. The paper's eps is the network's output; `space` may fix another. Needs a Gram
// matrix. Two evaluations, one where w is 0 or -1.
struct beta_cfg {
  static constexpr std::string_view name = "beta_cfg";
  static constexpr std::string_view reference = papers::beta_cfg;
  static constexpr bool needs_gram = true;

  weight_schedule weight = 6.5;
  double a = 2, b = 2, gamma = 1;
  guidance_space space = guidance_space::output;

  void check() const {
    require(a >= 1 && a <= 50, "beta_cfg", {"a: ", a}, "1 to 50");
    require(b >= 1 && b <= 50, "beta_cfg", {"b: ", b}, "1 to 50");
    require(gamma >= 0 && gamma <= 1, "beta_cfg", {"gamma: ", gamma}, "0 <= gamma <= 1");
  }
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    const double w = weight.at(at);
    const double distance = w > 0 ? std::sqrt(gram(1, 1)) : 0;
    if (w <= 0 || distance == 0) return classifier_free_weights(w);
    const double p = at.fraction();
    const double density =
        std::tgamma(a + b) / (std::tgamma(a) * std::tgamma(b)) * std::pow(p, a - 1) * std::pow(1 - p, b - 1);
    const double strength = (1 + w) * density / std::pow(distance, gamma);
    return {.guided = {strength, 1 - strength}};
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const beta_cfg&, const beta_cfg&) = default;
};

}  // namespace noisefall
