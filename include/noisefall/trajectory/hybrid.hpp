// Two spacings joined at a level: coarse until there, fine from there on.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/trajectory/concept.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// The legs of `coarse` down to `level`, then those of `fine` from there on: a leg across the level ends or starts there,
// one that stops short of it goes on to it, so that it is visited exactly once. A node within a part in 1e9 of the level
// is taken for it. Both must fall, and the level must lie between coarse.front() and fine.back().
inline trajectory joined(const trajectory& coarse, const trajectory& fine, const noise_level& level) {
  constexpr double near = 1e-9;
  const auto noisier = [&](const noise_level& l) { return l.sigma * level.alpha > level.sigma * l.alpha * (1 + near); };
  const auto cleaner = [&](const noise_level& l) { return l.sigma * level.alpha < level.sigma * l.alpha * (1 - near); };
  for (const trajectory* t : {&coarse, &fine})
    require(t->kind() == trajectory_kind::descending, "joined", "a trajectory of another kind", "descending ones");
  require(noisier(coarse.front()), "joined", {"a coarse part from sigma ", coarse.front().rho()},
          {"above the level, ", level.rho()});
  require(cleaner(fine.back()), "joined", {"a fine part to sigma ", fine.back().rho()},
          {"below the level, ", level.rho()});
  std::vector<leg> legs;
  for (const leg& l : coarse.legs())
    if (noisier(l.from)) legs.push_back(l);
  legs.back().to = level;
  for (const leg& l : fine.legs()) {
    if (!cleaner(l.to)) continue;
    if (legs.back().to == level && cleaner(l.from)) legs.push_back({level, l.from});
    legs.push_back({cleaner(l.from) ? l.from : level, l.to, noisier(l.from) ? leg{}.label : l.label});
  }
  return {std::move(legs), trajectory_kind::descending};
}

// A schedule whose range ends at two of its levels: what rules that go by a schedule's ends see of it.
template <NoiseSchedule S>
struct schedule_part {
  S whole;
  noise_level clean_end, noisy_end;

  noise_level at(double t) const {
    if (t == clean_end.t) return clean_end;
    return t == noisy_end.t ? noisy_end : whole.at(t);
  }
  double time_of(double lambda) const { return whole.time_of(lambda); }
  noise_level at_rho(double rho) const { return level_at_rho(whole, rho); }
  double t_min() const { return clean_end.t; }
  double t_max() const { return noisy_end.t; }
  auto steps() const requires DiscreteSchedule<S> { return whole.steps(); }
};

// Noisier than the level that `sigma` (sigma / alpha) or `time` names, `coarse`; cleaner, `fine`. A rule that goes by the
// schedule's ends (karras, uniform_lambda, time_uniform, ...) sees the level as the end of its part and spends all of
// its steps there: give `coarse` the end sigma_min, or the leg that it would end with is lost. A rule with places of its
// own (indices, lists, a flow's sigmas) keeps what it has on its side. Either may be a hybrid again:
//
//   hybrid{karras{.steps = 5, .end = final_level::sigma_min}, uniform_lambda{.steps = 10}, 1.5}
template <class Coarse, class Fine>
struct hybrid {
  static constexpr std::string_view name = "hybrid";

  Coarse coarse{};
  Fine fine{};
  std::optional<double> sigma{};  // sigma / alpha of the level, inside the schedule's range
  std::optional<double> time{};   // or its time (an index of a table), inside the range

  void check() const {
    if constexpr (requires { coarse.check(); }) coarse.check();
    if constexpr (requires { fine.check(); }) fine.check();
    require(sigma || time, name, "sigma: neither it nor time is given", "one of sigma and time");
    require(!sigma || !time, name, "time: given beside sigma", "one of sigma and time");
  }

  template <NoiseSchedule S>
  requires Spacing<Coarse, schedule_part<S>> && Spacing<Fine, schedule_part<S>> trajectory
  operator()(const S& schedule) const {
    check();
    const noise_level top = schedule.at(schedule.t_max()), bottom = schedule.at(schedule.t_min());
    const noise_level level = sigma ? level_at_rho(schedule, *sigma) : schedule.at(*time);
    const double asked = sigma ? *sigma : *time, low = sigma ? bottom.rho() : schedule.t_min(),
                 high = sigma ? top.rho() : schedule.t_max();
    require(asked > low && asked < high, name, {sigma ? "sigma: " : "time: ", asked},
            {"between ", low, " and ", high, ", without the ends"});
    return joined(coarse(schedule_part<S>{schedule, level, top}), fine(schedule_part<S>{schedule, bottom, level}),
                  level);
  }
};
template <class Coarse, class Fine>
hybrid(Coarse, Fine, double) -> hybrid<Coarse, Fine>;

}  // namespace noisefall
