// Several observers as one.
#pragma once

#include <utility>

#include <noisefall/core/outcome.hpp>
#include <noisefall/sampler/observer.hpp>

namespace noisefall {

// observers{bar, film, cancellation{token}}: each is called after every step, in this order, whatever the others say.
// It stops if one says stop, else it finishes if one says finish. Observers with a name are referred to, others are
// kept.
template <class... Observers>
class observers;

template <>
class observers<> {
 public:
  static constexpr bool looks_at_denoised = false;
  template <class Run>
  verdict begin(const Run&) {
    return verdict::go_on;
  }
  template <class Report>
  verdict operator()(const Report&) {
    return verdict::go_on;
  }
};

template <class First, class... Rest>
class observers<First, Rest...> {
 public:
  static constexpr bool looks_at_denoised =
      noisefall::looks_at_denoised<First> || observers<Rest...>::looks_at_denoised;

  explicit observers(First&& first, Rest&&... rest)
      : first_(std::forward<First>(first)), rest_(std::forward<Rest>(rest)...) {}

  template <class Run>
  verdict begin(const Run& run) {
    const verdict first = verdict_at_begin(first_, run);
    return stronger(first, rest_.begin(run));
  }
  template <class Report>
  verdict operator()(const Report& report) {
    const verdict first = verdict_after(first_, report);
    return stronger(first, rest_(report));
  }

 private:
  static verdict stronger(verdict a, verdict b) {
    if (a == verdict::stop || b == verdict::stop) return verdict::stop;
    return a == verdict::finish ? a : b;
  }

  First first_;
  observers<Rest...> rest_;
};

template <class... Observers>
observers(Observers&&...) -> observers<Observers...>;

}  // namespace noisefall
