// CFG-Zero*: guidance from the best multiple of the unconditional velocity, after first steps that stand still.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// s = <c, u> / <u, u>;   guided = c + w*(c - s u) = s u + (1 + w) * (c - s u)
//                                               Fan et al., arXiv:2503.18886, eqs. 9 and 11
// on flow velocities eps - x0, whatever the network predicts, over one sample. In the first zero_steps steps the
// velocity is 0, as the paper has it for models that are poor at the highest noise: 1 is its choice, 0 leaves it away.
// Meant for first-order solvers: others remember the zeros. w < 0 gives guidance back by the plain rule. Needs a Gram
// matrix. Two evaluations, one where w is 0 or -1 and in the steps that stand still.
struct cfg_zero {
  static constexpr std::string_view name = "cfg_zero";
  static constexpr std::string_view reference = papers::cfg_zero;
  static constexpr guidance_space space = guidance_space::flow;
  static constexpr bool needs_gram = true;

  weight_schedule weight = 6.5;
  std::size_t zero_steps = 1;

  void check() const {}
  branch_set needs(const guidance_position& at) const {
    const branch_set wanted = classifier_free_needs(weight.at(at));
    return stands_still(at) ? branch_set{0} : wanted;
  }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    if (stands_still(at)) return {};
    const double w = weight.at(at);
    if (w <= 0) return classifier_free_weights(w);
    constexpr std::size_t c = 0, d = 1;
    const double cu = gram(c, c) - gram(c, d), uu = cu - gram(c, d) + gram(d, d);
    return {.guided = {1 + w, uu > 0 ? -w * cu / uu : 0}};
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const {
    std::vector<double> sigmas = weight.breakpoints(on);
    if (zero_steps > 0 && zero_steps < on.legs.size()) insert_falling(sigmas, on.legs[zero_steps].from.rho());
    return sigmas;
  }

  friend bool operator==(const cfg_zero&, const cfg_zero&) = default;

 private:
  bool stands_still(const guidance_position& at) const { return at.step < zero_steps && at.steps > 1; }
};

}  // namespace noisefall
