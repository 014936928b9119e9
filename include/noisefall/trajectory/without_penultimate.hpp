// Another spacing for one step more, without its last noisy level.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/concept.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// The levels of a spacing without the next to last: the step before the end goes all the way, one leg fewer. ComfyUI and
// A1111 lay n + 1 steps and drop that level for dpm_2, dpm_2_ancestral and uni_pc, whose last evaluations would fall
// together. without_penultimate{karras{.steps = 21}} has 20 legs. Needs two legs or more.
template <class Rule>
struct without_penultimate {
  static constexpr std::string_view name = "without_penultimate";
  static constexpr std::string_view reference = papers::comfy_ui;

  Rule rule{};

  void check() const {
    if constexpr (requires { rule.check(); }) rule.check();
  }

  template <NoiseSchedule S>
  requires Spacing<Rule, S> trajectory operator()(const S& schedule) const {
    check();
    const trajectory laid = rule(schedule);
    require(laid.steps() >= 2, name, {laid.steps(), " leg"}, "a spacing of two legs or more");
    std::vector<leg> legs{laid.legs().begin(), laid.legs().end()};
    legs[legs.size() - 2].to = legs.back().to;
    legs.pop_back();
    return {std::move(legs), laid.kind()};
  }
};
template <class Rule>
without_penultimate(Rule) -> without_penultimate<Rule>;

}  // namespace noisefall
