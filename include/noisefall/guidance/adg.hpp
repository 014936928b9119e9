// Angle-domain guidance: the conditional estimate turned away from the unconditional one.
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

// guided = cos(phi) c + sin(phi) / sin(theta) * (c - u <u, c> / <u, u>),   phi = min(w theta, max_angle)
//                                               Jin et al., arXiv:2506.11039, algorithm 1
// with theta the angle between c and u over one sample, in x0 space: a rotation, where classifier-free guidance
// lengthens. max_angle in radians, the paper's pi / 3. Left alone: parallel and opposite branches, and zeros. w < 0
// gives guidance back by the plain rule. Needs a Gram matrix. Two evaluations, one where w is 0 or -1.
struct adg {
  static constexpr std::string_view name = "adg";
  static constexpr std::string_view reference = papers::adg;
  static constexpr guidance_space space = guidance_space::x0;
  static constexpr bool needs_gram = true;

  weight_schedule weight = 5;
  double max_angle = 1.0471975511965976;

  void check() const {
    require(max_angle > 0 && max_angle <= 3.141592653589794, "adg", {"max_angle ", max_angle}, "0 < max_angle <= pi");
  }
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at, const gram_matrix& gram) const {
    const double w = weight.at(at);
    if (w <= 0) return classifier_free_weights(w);
    // The part of c across u, from that of the difference: c and u nearly agree.
    const double cu = gram(0, 0) - gram(0, 1), ud = gram(0, 1) - gram(1, 1), uu = cu - ud;
    return turned(w, gram(0, 0), cu, uu, uu > 0 ? gram(1, 1) - ud * ud / uu : 0);
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const adg&, const adg&) = default;

 private:
  branch_weights turned(double w, double cc, double cu, double uu, double across) const {
    if (!(across > 0) || !(cc > 0)) return {.guided = {1}};
    const double theta = std::atan2(std::sqrt(across * uu), cu);
    const double phi = std::min(w * theta, max_angle), by = std::sin(phi) * std::sqrt(cc / across);
    return {.guided = {std::cos(phi) + by, -by * cu / uu}};
  }
};

}  // namespace noisefall
