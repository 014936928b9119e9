// What an observer is, and how a loop listens to it.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include <noisefall/core/outcome.hpp>

namespace noisefall {

// Any callable over a step_report, called after every step. It sees numbers and changes none. It returns nothing, or a
// verdict. It may also have
//   begin(const run&)          called before the first step; returns nothing or a verdict, too
//   looks_at_denoised = false  (static constexpr) spares the whole-loop call the pass that keeps report.denoised()
// Who owns the loop calls begin() and the observer himself, and does what the verdicts say.
template <class Observer, class Run>
verdict verdict_at_begin(Observer& see, const Run& run) {
  if constexpr (requires { see.begin(run); }) {
    if constexpr (std::same_as<decltype(see.begin(run)), verdict>) return see.begin(run);
    see.begin(run);
  }
  return verdict::go_on;
}

template <class Observer, class Report>
verdict verdict_after(Observer& see, const Report& report) {
  using said = decltype(see(report));
  static_assert(std::same_as<said, void> || std::same_as<said, verdict>,
                "an observer returns void or noisefall::verdict");
  if constexpr (std::same_as<said, verdict>) return see(report);
  see(report);
  return verdict::go_on;
}

template <class Observer>
inline constexpr bool looks_at_denoised = [] {
  if constexpr (requires { std::remove_cvref_t<Observer>::looks_at_denoised; })
    return bool{std::remove_cvref_t<Observer>::looks_at_denoised};
  else
    return true;
}();

}  // namespace noisefall
