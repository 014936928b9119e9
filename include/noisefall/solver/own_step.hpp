// The OwnStep concept: the hatch for solvers whose steps depend on the data (adaptive step sizes, anything odd).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <noisefall/parameterisation/concept.hpp>
#include <noisefall/schedule/noise_level.hpp>

namespace noisefall {

// What such a solver wants next from the run.
struct own_action {
  enum class kind : std::uint8_t { evaluate, step_done, finished } what = kind::finished;
  std::size_t tensor = 0;   // evaluate: which state the network looks at: 0 is x, 1 + k the k-th tensor
  std::size_t reading = 0;  // evaluate: where the reading goes
};

// state          its scalars; the run owns them, one value per run
// tensors()      state-sized tensors it wants besides x; readings() stored readings; reads() their quantity
// check_ends(first, last)   throws noisefall::error on a trajectory that it cannot walk
// begin(state, n)   sets the state for n samples, without allocating the second time
// advance(state, bench)   called at the start and after each evaluation. It may look at and combine tensors through the
//                bench (sampler/bench.hpp) and says what it wants next. x may only change just before step_done.
// transfer(archive, state)   hands each part of the state to archive(part), for checkpoints between steps
// An OwnStep has no plan(); everything else of a solver (name, check) is the same.
template <class S>
concept OwnStep = std::copyable<S> && requires(const S& s, typename S::state& state, std::size_t n,
                                             const noise_level& level) {
  requires std::default_initializable<typename S::state>;
  { s.check() } -> std::same_as<void>;
  { s.check_ends(level, level) } -> std::same_as<void>;
  { s.tensors() } -> std::convertible_to<std::size_t>;
  { s.readings() } -> std::convertible_to<std::size_t>;
  { s.reads() } -> std::same_as<quantity>;
  { s.begin(state, n) } -> std::same_as<void>;
};

}  // namespace noisefall
