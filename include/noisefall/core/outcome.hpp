// How a run ended, and what an observer wants next.
#pragma once

#include <cstddef>
#include <cstdint>

namespace noisefall {

// stop: no further step; the state stays where the last step left it, still noisy. finish: one more step, straight to
// the trajectory's end (run::finish_now), for a clean state in little time.
enum class verdict : std::uint8_t { go_on, stop, finish };

// finished: every leg done. stopped: an observer or a cancellation asked for it; the state is a valid, noisier sample.
// diverged: the state holds a number that is not finite. shortened: an observer asked for the end; the state is a
// sample at the trajectory's end, from fewer steps.
enum class outcome : std::uint8_t { finished, stopped, diverged, shortened };

constexpr const char* name_of(outcome how) {
  switch (how) {
    case outcome::finished:
      return "finished";
    case outcome::stopped:
      return "stopped";
    case outcome::diverged:
      return "diverged";
    case outcome::shortened:
      break;
  }
  return "shortened";
}

// What a whole run came to.
struct run_result {
  outcome how = outcome::finished;
  std::size_t steps = 0;        // legs done (trials, for an adaptive solver)
  std::size_t evaluations = 0;  // calls of the network, one per branch
};

}  // namespace noisefall
