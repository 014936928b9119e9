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
// weak_order()  (optional) of the end's mean and variance, noise on; 0: they do not converge. Without it: order()
// two_readings  (static constexpr bool, optional) it can renoise with another eps than it denoises with (CFG++)
template <class S>
concept Solver = std::copyable<S> && requires(const S& s, const step_window& window) {
  { s.order() } -> std::convertible_to<int>;
  { s.history() } -> std::convertible_to<std::size_t>;
  { s.check() } -> std::same_as<void>;
  { s.plan(window) } -> std::same_as<step_plan>;
};

// Run-time forms: a type-erased solver answers by member functions, a policy by its static members.
template <class S>
constexpr bool takes_two_readings(const S& solver) {
  if constexpr (requires {
                  { solver.takes_two_readings() } -> std::same_as<bool>;
                })
    return solver.takes_two_readings();
  else if constexpr (requires { S::two_readings; })
    return S::two_readings;
  else
    return false;
}

template <class S>
constexpr int weak_order_of(const S& solver) {
  if constexpr (requires {
                  { solver.weak_order() } -> std::convertible_to<int>;
                })
    return solver.weak_order();
  else
    return solver.order();
}

template <class S>
constexpr std::string_view name_of(const S& policy) {
  if constexpr (requires {
                  { policy.name() } -> std::convertible_to<std::string_view>;
                })
    return policy.name();
  else if constexpr (requires { S::name; })
    return S::name;
  else
    return "a policy without a name";
}

}  // namespace noisefall
