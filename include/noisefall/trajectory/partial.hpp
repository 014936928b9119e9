// The clean end of a trajectory, for starting from an image instead of from noise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/concept.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// The last min(floor(n strength), n) of n legs, of the same kind; the image is brought to front(): x = alpha x0 + sigma
// z (SDEdit, arXiv:2108.01073). strength in (0, 1]; a product within 1e-9 below an integer counts as that integer.
// Refused where no leg is left: the result would be the image itself.
inline trajectory partial(const trajectory& whole, double strength) {
  require(strength > 0 && strength <= 1, "partial", {"strength: ", strength}, "above 0, up to 1");
  const std::size_t n = whole.steps();
  const std::size_t kept = std::min(static_cast<std::size_t>(static_cast<double>(n) * strength + 1e-9), n);
  require(kept >= 1, "partial", {"strength: ", strength, " of ", n, " steps leaves none"}, {"at least 1 / ", n});
  return {std::vector<leg>(whole.legs().end() - static_cast<std::ptrdiff_t>(kept), whole.legs().end()), whole.kind()};
}

// The same as a spacing: image_to_image{karras{.steps = 30}, 0.6} runs the last 18 steps of 30.
template <class Rule>
struct image_to_image {
  static constexpr std::string_view name = "image_to_image";
  static constexpr std::string_view reference = papers::sd_edit;

  Rule rule{};
  double strength = 1;  // in (0, 1]

  void check() const {
    if constexpr (requires { rule.check(); }) rule.check();
    require(strength > 0 && strength <= 1, name, {"strength: ", strength}, "above 0, up to 1");
  }

  template <NoiseSchedule S>
  requires Spacing<Rule, S> trajectory operator()(const S& schedule) const {
    check();
    return partial(rule(schedule), strength);
  }
};
template <class Rule>
image_to_image(Rule) -> image_to_image<Rule>;
template <class Rule>
image_to_image(Rule, double) -> image_to_image<Rule>;

}  // namespace noisefall
