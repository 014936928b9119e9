// Restart: parts of a trajectory walked again and again, from noise that is added back.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/trajectory/concept.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// Where a trajectory restarts: `times` times from its level nearest sigma_min (not its first) up to sigma_max, and down
// again in `steps` legs. Sigmas are sigma / alpha.
struct restart_interval {
  double sigma_min = 0, sigma_max = 0;
  std::size_t steps = 1, times = 1;
};

// Another spacing with restarts (Xu et al. 2023, arXiv:2306.14878, algorithm 1): when it reaches an interval's lower
// end, fresh noise takes the state to the upper end, in a leg without an evaluation, and legs spaced as `karras` with
// this rho go down again. The solver is any one, the paper's heun{}; multistep solvers begin anew after each climb.
// Evaluations: those of the spacing, and steps * times of each interval. The published code counts the points of the
// way down, one more than its legs. s_noise: factor on the noise that is added back, 0 or more, in the paper a little
// above 1 for some networks.
template <class Rule>
struct restart {
  static constexpr std::string_view name = "restart";
  static constexpr std::string_view reference = papers::restart;

  Rule rule{};
  std::vector<restart_interval> intervals{};
  double rho = 7, s_noise = 1;

  void check() const {
    if constexpr (requires { rule.check(); }) rule.check();
    std::size_t legs = 0;
    for (const restart_interval& i : intervals) {
      require(i.sigma_min >= 0 && i.sigma_min < i.sigma_max && std::isfinite(i.sigma_max), name,
              {"sigma_min: ", i.sigma_min, ", sigma_max: ", i.sigma_max}, "0 <= sigma_min < sigma_max, finite");
      require(i.steps >= 1 && i.times >= 1 && i.steps <= (most_legs - legs) / i.times, name,
              {"steps: ", i.steps, ", times: ", i.times}, {"1 or more of both, ", most_legs, " legs at most"});
      legs += i.steps * i.times;
    }
    require(rho > 0 && std::isfinite(rho), name, {"rho: ", rho}, "above 0");
    require(s_noise >= 0 && std::isfinite(s_noise), name, {"s_noise: ", s_noise}, "0 or more, and finite");
  }

  template <NoiseSchedule S>
  requires Spacing<Rule, S> trajectory operator()(const S& schedule) const {
    check();
    trajectory whole = rule(schedule);
    if (intervals.empty()) return whole;
    require(whole.kind() == trajectory_kind::descending, name, "a trajectory that rises already", "a descending one");
    std::vector<leg> legs;
    for (std::size_t i = 0; i < whole.steps(); ++i) {
      legs.push_back(whole[i]);
      for (const restart_interval& interval : intervals)
        if (nearest(whole, interval.sigma_min) == i) add(legs, schedule, whole[i].to, interval);
    }
    return {std::move(legs), trajectory_kind::renoise};
  }

 private:
  static constexpr std::size_t most_legs = 1'000'000;  // a file must not ask for more memory than there is

  // The leg that ends nearest a sigma.
  static std::size_t nearest(const trajectory& whole, double sigma) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < whole.steps(); ++i)
      if (std::abs(whole[i].to.rho() - sigma) < std::abs(whole[best].to.rho() - sigma)) best = i;
    return best;
  }

  template <NoiseSchedule S>
  void add(std::vector<leg>& legs, const S& schedule, const noise_level& bottom,
           const restart_interval& interval) const {
    require(bottom.rho() < interval.sigma_max, name,
            {"sigma_max: ", interval.sigma_max, ", with the nearest level to sigma_min at ", bottom.rho()},
            "a sigma_max above it");
    const double low = std::pow(bottom.rho(), 1 / rho), high = std::pow(interval.sigma_max, 1 / rho);
    std::vector<noise_level> levels{level_at_rho(schedule, interval.sigma_max)};
    for (std::size_t k = 1; k < interval.steps; ++k) {
      const double share = static_cast<double>(k) / static_cast<double>(interval.steps);
      levels.push_back(level_at_rho(schedule, std::pow(high + share * (low - high), rho)));
    }
    levels.push_back(bottom);
    for (std::size_t again = 0; again < interval.times; ++again) {
      legs.push_back({.from = bottom, .to = levels.front(), .s_noise = s_noise});
      for (std::size_t k = 0; k < interval.steps; ++k) legs.push_back({levels[k], levels[k + 1]});
    }
  }
};
template <class Rule>
restart(Rule, std::vector<restart_interval>) -> restart<Rule>;

}  // namespace noisefall
