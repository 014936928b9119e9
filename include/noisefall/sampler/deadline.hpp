// An observer that ends a run in time, with a clean state.
#pragma once

#include <algorithm>
#include <chrono>

#include <noisefall/core/outcome.hpp>

namespace noisefall {

// deadline{std::chrono::milliseconds{10}} counts from the beginning of each run, deadline{time point} does not.
// It says finish as soon as one more step and then the last one might end too late, by the run's longest step so far:
// the last step leads straight to the end of the trajectory, so that the state is a sample, from fewer steps. Before a
// run's first step it goes by the mean of the run before. The very first step, in which networks warm up, counts until
// there is a second. A run always takes one step. When it is asked for depends on the clock; what it then gives depends
// only on when that was (run::finish_now).
template <class Clock = std::chrono::steady_clock>
class deadline {
 public:
  static constexpr bool looks_at_denoised = false;
  using duration = typename Clock::duration;
  using time_point = typename Clock::time_point;

  template <class Rep, class Period>
  explicit deadline(std::chrono::duration<Rep, Period> limit)
      : limit_{std::chrono::duration_cast<duration>(limit)}, counts_from_begin_{true} {}
  explicit deadline(time_point end) : end_{end} {}

  // Another point in time, for the next run.
  void until(time_point end) {
    end_ = end;
    counts_from_begin_ = false;
  }

  template <class Run>
  verdict begin(const Run&) {
    before_ = Clock::now();
    if (in_run_ > 0) longest_ = total_ / in_run_;
    in_run_ = 0;
    total_ = {};
    if (counts_from_begin_) end_ = before_ + limit_;
    return judge();
  }
  template <class Report>
  verdict operator()(const Report&) {
    const time_point now = Clock::now();
    const duration last = now - before_;
    if (++seen_ == 2) {
      in_run_ = 0;
      total_ = {};
    }
    longest_ = in_run_ == 0 ? last : std::max(longest_, last);
    ++in_run_;
    total_ += last;
    before_ = now;
    return judge();
  }

  // What the clock had left when it was last asked; negative: too late.
  duration left() const { return end_ - before_; }

 private:
  verdict judge() const { return before_ + 2 * longest_ > end_ ? verdict::finish : verdict::go_on; }

  duration limit_{}, longest_{}, total_{};
  time_point end_{}, before_{};
  bool counts_from_begin_ = false;
  long long seen_ = 0, in_run_ = 0;  // steps
};

template <class Rep, class Period>
deadline(std::chrono::duration<Rep, Period>) -> deadline<std::chrono::steady_clock>;
template <class Clock, class Duration>
deadline(std::chrono::time_point<Clock, Duration>) -> deadline<Clock>;

}  // namespace noisefall
