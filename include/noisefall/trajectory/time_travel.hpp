// Time travel: each step of a part of the trajectory is taken several times, from noise that is added back.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/concept.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// Another spacing whose legs that start at a sigma / alpha in (sigma_min, sigma_max] are walked `times` times: down,
// back up by the forward process, down again (Yu et al., FreeDoM, arXiv:2303.09833, algorithm 2, where it gives an
// energy's gradient time to act: classifier_guidance). The paper travels in the middle of the trajectory. The way up is
// a leg without an evaluation; multistep solvers begin anew after it. Labels are those of the spacing. times: 1 or more;
// 1 is the spacing itself. re_paint goes back by several legs, restart to one level.
template <class Rule>
struct time_travel {
  static constexpr std::string_view name = "time_travel";
  static constexpr std::string_view reference = papers::free_dom;

  Rule rule{};
  std::size_t times = 10;
  double sigma_min = 0;               // sigma / alpha, 0 or more
  std::optional<double> sigma_max{};  // above sigma_min; empty: none

  void check() const {
    if constexpr (requires { rule.check(); }) rule.check();
    require(times >= 1, name, "times: 0", "1 or more");
    require(sigma_min >= 0 && std::isfinite(sigma_min), name, {"sigma_min: ", sigma_min}, "0 or more, and finite");
    require(!sigma_max || *sigma_max > sigma_min, name, {"sigma_max: ", sigma_max.value_or(0)}, "above sigma_min");
  }

  template <NoiseSchedule S>
  requires Spacing<Rule, S> trajectory operator()(const S& schedule) const {
    check();
    trajectory whole = rule(schedule);
    if (times == 1) return whole;
    require(whole.kind() == trajectory_kind::descending, name, "a trajectory that rises already", "a descending one");
    constexpr std::size_t most_legs = 1'000'000;  // a file must not ask for more memory than there is
    require(times <= most_legs / whole.steps(), name, {"times: ", times, " of ", whole.steps(), " legs"},
            {"up to ", most_legs / whole.steps()});
    const double top = sigma_max.value_or(std::numeric_limits<double>::infinity());
    std::vector<leg> legs;
    for (std::size_t i = 0; i < whole.steps(); ++i) {
      legs.push_back(whole[i]);
      const double sigma = whole[i].from.rho();
      for (std::size_t again = 1; again < times && sigma > sigma_min && !(sigma > top); ++again) {
        legs.push_back({whole[i].to, whole[i].from});
        legs.push_back(whole[i]);
      }
    }
    if (legs.size() == whole.steps()) return whole;
    return {std::move(legs), trajectory_kind::renoise};
  }
};
template <class Rule>
time_travel(Rule) -> time_travel<Rule>;
template <class Rule>
time_travel(Rule, std::size_t) -> time_travel<Rule>;
template <class Rule>
time_travel(Rule, std::size_t, double, std::optional<double>) -> time_travel<Rule>;

}  // namespace noisefall
