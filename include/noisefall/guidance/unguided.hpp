// No guidance: the conditional branch as it is.
#pragma once

#include <string_view>
#include <vector>

#include <noisefall/guidance/concept.hpp>

namespace noisefall {

// guided = c. One evaluation.
struct unguided {
  static constexpr std::string_view name = "unguided";
  static constexpr std::string_view reference = "";
  static constexpr guidance_space space = guidance_space::output;

  void check() const {}
  branch_set needs(const guidance_position&) const { return {0}; }
  branch_weights weights(const guidance_position&) const { return {.guided = {1}}; }
  std::vector<double> breakpoints() const { return {}; }

  friend bool operator==(const unguided&, const unguided&) = default;
};

}  // namespace noisefall
