// An observer that ends a run when somebody asks for it.
#pragma once

#include <concepts>
#include <utility>

#include <noisefall/core/outcome.hpp>

namespace noisefall {

// cancellation{[&] { return flag.load(); }}, cancellation{stop_source.get_token()}: anything that is called without
// arguments and gives bool, or has stop_requested(), as std::stop_token. It is asked before the first step and after
// every one. The state stays that of the last completed step; the run ends as outcome::stopped, which is no error.
template <class Wanted>
class cancellation {
 public:
  static constexpr bool looks_at_denoised = false;

  explicit cancellation(Wanted wanted) : wanted_(std::move(wanted)) {}

  template <class Run>
  verdict begin(const Run&) const {
    return ask();
  }
  template <class Report>
  verdict operator()(const Report&) const {
    return ask();
  }

 private:
  verdict ask() const {
    if constexpr (requires {
                    { wanted_.stop_requested() } -> std::convertible_to<bool>;
                  })
      return wanted_.stop_requested() ? verdict::stop : verdict::go_on;
    else
      return static_cast<bool>(wanted_()) ? verdict::stop : verdict::go_on;
  }

  mutable Wanted wanted_;  // a callable may change by being asked
};

}  // namespace noisefall
