// Classifier-free guidance: the conditional branch, moved away from the unconditional one.
#pragma once

#include <cmath>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// What the two-branch rule c + w*(c - u) costs: at w = 0 only c is evaluated, at w = -1 only u. All rules with such a
// weight share this: at 0 they are off, and below it they give guidance back by the plain rule, since what they do to
// the difference would spoil the refund.
inline branch_set classifier_free_needs(double w) {
  if (!std::isfinite(w)) refuse("guidance: weight", {w, " at a level of the trajectory"}, "finite weights (clamped())");
  if (w == 0) return {0};
  if (w == -1) return {1};
  return {0, 1};
}

// guided = c + w*(c - u). The branch without weight is left out, bit for bit.
inline branch_weights classifier_free_weights(double w) {
  if (w == 0) return {.guided = {1}};
  if (w == -1) return {.guided = {0, 1}};
  return {.guided = {1 + w, -w}};
}

// guided = c + w*(c - u)                        Ho and Salimans, arXiv:2207.12598, eq. 6
// with w = weight.at(sigma), the paper's w; a scale g is w = g - 1 (guidance_scale below). Branch 1 is the
// unconditional prediction, or that of a negative prompt. Linear, so the same in every space. It does not sample
// p(x|c)^(1+w) p(x)^-w: guidance moves the mean and shrinks the spread.
// Over a predictor that multiplies its unconditional output by a table E[c] / E[u] it is rectified guidance
// (predictor/with_recfg.hpp). Two evaluations, one where w is 0 or -1.
struct classifier_free {
  static constexpr std::string_view name = "classifier_free";
  static constexpr std::string_view reference = papers::cfg;
  static constexpr guidance_space space = guidance_space::output;

  weight_schedule weight = 6.5;

  void check() const {}
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at) const { return classifier_free_weights(weight.at(at)); }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const classifier_free&, const classifier_free&) = default;
};

// The usual scale g, as in u + g*(c - u): 1 none, 7.5 common for Stable Diffusion 1.5.
inline classifier_free guidance_scale(double g) { return {.weight = g - 1}; }

}  // namespace noisefall
