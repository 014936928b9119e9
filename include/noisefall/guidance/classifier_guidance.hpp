// Classifier guidance: along the gradient of a classifier's log-probability.
#pragma once

#include <cmath>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// eps = eps_c - w * sigma * grad log p(y | x_t)     Dhariwal and Nichol, arXiv:2105.05233, algorithm 2
// The gradient is branch 1: the predictor answers it by gradient(x, evaluation, condition, out), with respect to the
// state x_t (predictor/concept.hpp). w is the paper's scale s: for a network that knows no condition w = 1 is Bayes's
// rule, for one that knows it 0 is. Any log-density of the noisy state may stand for the classifier's. sigma is the
// level's, so that nothing is left of it at the data. w = 0 asks for no gradient. Two evaluations, one where w is 0.
struct classifier_guidance {
  static constexpr std::string_view name = "classifier_guidance";
  static constexpr std::string_view reference = papers::guided_diffusion;
  static constexpr guidance_space space = guidance_space::eps;
  static constexpr branch_set gradients{1};

  weight_schedule weight = 1;

  void check() const {}
  branch_set needs(const guidance_position& at) const {
    classifier_free_needs(weight.at(at));
    return branches_weighed(weights(at));
  }
  branch_weights weights(const guidance_position& at) const {
    return {.guided = {1}, .gradient = {0, -weight.at(at) * at.at.sigma}};
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const classifier_guidance&, const classifier_guidance&) = default;
};

}  // namespace noisefall
