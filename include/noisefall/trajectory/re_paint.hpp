// RePaint: a trajectory that jumps back up at regular places and comes down again.
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

// Another spacing of n legs, walked with jumps (Lugmayr et al. 2022, algorithm 1 and appendix B): each level that lies a
// multiple of jump_length legs before the last noisy one is left upwards, by jump_length legs, until it was reached
// `resamplings` times, so that what is sampled and what is known (run::hold) come to agree. A way up is one leg without
// an evaluation, whose noise has the law of the published code's single steps. Labels are those of the spacing.
// jump_length and resamplings 1 or more; resamplings = 1 or jump_length >= n is the spacing itself.
template <class Rule>
struct re_paint {
  static constexpr std::string_view name = "re_paint";
  static constexpr std::string_view reference = papers::re_paint;

  Rule rule{};
  std::size_t jump_length = 10, resamplings = 10;

  void check() const {
    if constexpr (requires { rule.check(); }) rule.check();
    require(jump_length >= 1, name, "jump_length: 0", "1 or more");
    require(resamplings >= 1, name, "resamplings: 0", "1 or more");
  }

  template <NoiseSchedule S>
  requires Spacing<Rule, S> trajectory operator()(const S& schedule) const {
    check();
    trajectory whole = rule(schedule);
    const std::size_t n = whole.steps();
    if (resamplings == 1 || jump_length >= n) return whole;
    require(whole.kind() == trajectory_kind::descending, name, "a trajectory that rises already", "a descending one");
    constexpr std::size_t most_legs = 1'000'000;  // a file must not ask for more memory than there is
    require(resamplings <= most_legs / n, name, {"resamplings: ", resamplings, " of ", n, " legs"},
            {"up to ", most_legs / n});
    std::vector<std::size_t> jumps(n);  // from the level where a leg starts
    for (std::size_t above = 0; above + jump_length < n; above += jump_length) jumps[n - 1 - above] = resamplings - 1;
    std::vector<leg> legs;
    for (std::size_t i = 0; i < n;) {
      legs.push_back(whole[i++]);
      if (i == n || jumps[i] == 0) continue;
      --jumps[i];
      legs.push_back({whole[i].from, whole[i - jump_length].from});
      i -= jump_length;
    }
    return {std::move(legs), trajectory_kind::renoise};
  }
};
template <class Rule>
re_paint(Rule) -> re_paint<Rule>;
template <class Rule>
re_paint(Rule, std::size_t, std::size_t) -> re_paint<Rule>;

}  // namespace noisefall
