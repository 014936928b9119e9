// CFG++: denoise with the guided prediction, go on with the unconditional noise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// guided = u + scale*(c - u);   renoise = u     Chung et al., arXiv:2406.08070, algorithm 2
// scale: the paper's lambda, 0 to 1 at every level, an interpolation; not the scale of classifier-free guidance, nor an extra weight.
// One step of a first-order solver equals classifier-free guidance with g = scale * sigma_i / (sigma_i - sigma_{i+1}),
// sigma here being sigma / alpha: its strength grows with the number of steps and has no continuum limit. Only for
// solvers that take two readings. Linear, so the same in every space. Two evaluations, one at scale 0.
struct cfg_pp {
  static constexpr std::string_view name = "cfg_pp";
  static constexpr std::string_view reference = papers::cfg_pp;
  static constexpr guidance_space space = guidance_space::output;
  static constexpr bool two_readings = true;

  weight_schedule scale = 0.6;

  void check() const {
    const auto [low, high] = scale.bounds();
    require(low >= 0 && high <= 1, "cfg_pp", {"scale ", low < 0 ? low : high},
            "0 <= scale <= 1; it interpolates, it is not a classifier-free guidance scale");
  }
  branch_set needs(const guidance_position& at) const { return scale.at(at) == 0 ? branch_set{1} : branch_set{0, 1}; }
  branch_weights weights(const guidance_position& at) const {
    const double of_c = scale.at(at);
    return {.guided = {of_c, 1 - of_c}, .renoise = {0, 1}};
  }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return scale.breakpoints(on); }

  friend bool operator==(const cfg_pp&, const cfg_pp&) = default;
};

}  // namespace noisefall
