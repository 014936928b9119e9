// How a run ended, and what an observer wants next.
#pragma once

#include <cstddef>
#include <cstdint>

namespace noisefall {

enum class verdict : std::uint8_t { go_on, stop };

// finished: every leg done. stopped: an observer or a cancellation asked for it; the state is a valid, noisier sample.
// diverged: the state holds a number that is not finite.
enum class outcome : std::uint8_t { finished, stopped, diverged };

// What a whole run came to.
struct run_result {
  outcome how = outcome::finished;
  std::size_t steps = 0;        // legs done (trials, for an adaptive solver)
  std::size_t evaluations = 0;  // calls of the network, one per branch
};

}  // namespace noisefall
