// The Solver concept: a pure function from noise levels to rows.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>

#include <noisefall/solver/plan.hpp>

namespace noisefall {

// name          how files and messages call it
// order()       of the ODE solver (noise off)
// history()     readings it wants remembered, at most max_history
// check()       throws noisefall::error on parameters out of range
// plan(window)  the step, as rows; the same window gives the same plan
// two_readings  (static constexpr bool, optional) it can renoise with another eps than it denoises with (CFG++)
template <class S>
concept Solver = std::copyable<S> && requires(const S& s, const step_window& window) {
  { s.order() } -> std::convertible_to<int>;
  { s.history() } -> std::convertible_to<std::size_t>;
  { s.check() } -> std::same_as<void>;
  { s.plan(window) } -> std::same_as<step_plan>;
};

template <class S>
constexpr bool accepts_two_readings = [] {
  if constexpr (requires { S::two_readings; })
    return bool{S::two_readings};
  else
    return false;
}();

template <class S>
constexpr std::string_view name_of = [] {
  if constexpr (requires { S::name; })
    return std::string_view{S::name};
  else
    return std::string_view{"unnamed"};
}();

}  // namespace noisefall
