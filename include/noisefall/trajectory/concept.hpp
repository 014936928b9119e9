// The Spacing concept: a rule that lays the levels of a run on a schedule.
#pragma once

#include <concepts>

#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// A copyable callable that makes the trajectory for a schedule, or throws. Chosen at run time, a rule is a
// std::function<trajectory(const any_schedule&)>.
template <class R, class S>
concept Spacing = NoiseSchedule<S> && std::copyable<R> && requires(const R& rule, const S& schedule) {
  { rule(schedule) } -> std::same_as<trajectory>;
};

}  // namespace noisefall
