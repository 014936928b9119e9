// The labels of another spacing rounded to whole numbers, its levels left where they are.
#pragma once

#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/concept.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// For networks that look their time up in a table: each label, where there is none the level's time, to the nearest
// whole number, half to even. As diffusers rounds its timesteps after a Karras grid and k-diffusion quantizes them.
// Labels may repeat. whole_labels{karras{.steps = 30}}.
template <class Rule>
struct whole_labels {
  static constexpr std::string_view name = "whole_labels";

  Rule rule{};

  void check() const {
    if constexpr (requires { rule.check(); }) rule.check();
  }

  template <NoiseSchedule S>
  requires Spacing<Rule, S> trajectory operator()(const S& schedule) const {
    check();
    const trajectory laid = rule(schedule);
    std::vector<leg> legs{laid.legs().begin(), laid.legs().end()};
    for (leg& l : legs) l.label = std::nearbyint(std::isnan(l.label) ? l.from.t : l.label);
    return {std::move(legs), laid.kind()};
  }
};
template <class Rule>
whole_labels(Rule) -> whole_labels<Rule>;

}  // namespace noisefall
