// Autoguidance: away from a worse version of the network.
#pragma once

#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

namespace noisefall {

// guided = good + w*(good - bad)                Karras et al., arXiv:2406.02507, eq. 3; their w is 1 + w here
// Branch 1 is what the predictor answers for a worse network (smaller, or trained for less long) under the same
// condition: which of the two is asked for stands in the condition that the caller gives the branch. Linear, so the
// same in every space. Two evaluations, one where w is 0 or -1.
struct autoguidance {
  static constexpr std::string_view name = "autoguidance";
  static constexpr std::string_view reference = papers::autoguidance;
  static constexpr guidance_space space = guidance_space::output;

  weight_schedule weight = 1;

  void check() const {}
  branch_set needs(const guidance_position& at) const { return classifier_free_needs(weight.at(at)); }
  branch_weights weights(const guidance_position& at) const { return classifier_free_weights(weight.at(at)); }
  std::vector<double> breakpoints(const guidance_grid& on = {}) const { return weight.breakpoints(on); }

  friend bool operator==(const autoguidance&, const autoguidance&) = default;
};

}  // namespace noisefall
