// The OwnStep concept: the hatch for solvers whose steps depend on the data (adaptive step sizes, anything odd).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <noisefall/core/archive.hpp>
#include <noisefall/parameterisation/concept.hpp>
#include <noisefall/schedule/noise_level.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// What such a solver wants next from the run. diverged: it cannot go on; the run ends there.
struct own_action {
  enum class kind : std::uint8_t { evaluate, step_done, finished, diverged } what = kind::finished;
  std::size_t tensor = 0;   // evaluate: which state the network looks at
  std::size_t reading = 0;  // evaluate: where the reading goes
};

// What such a solver may touch: scalars of its own, and tensors by number. 0 is x, 1 + k its own k-th tensor; readings
// come after them, 1 + tensors() + k. Every coefficient is one number per sample.
class bench {
 public:
  // One summand of a sum that the step asks for: a tensor of the bench, and what weighs it.
  struct term {
    std::size_t tensor;
    std::span<const double> weights;  // one per sample
  };

  virtual std::size_t samples() const = 0;
  virtual const trajectory& path() const = 0;
  virtual noise_level at_lambda(double lambda) const = 0;
  // The level that each sample's next evaluation is told.
  virtual std::span<noise_level> levels() = 0;
  // to = sum of weights * tensors, in one pass; `to` may be among them.
  virtual void combine(std::size_t to, std::span<const term> terms) = 0;
  // Element by element: to = these numbers, the same for every sample; number k of n stands for the k-th n-th of a
  // sample. Throws if n does not divide a sample's size.
  virtual void set(std::size_t to, std::span<const double> numbers) = 0;
  // to += factor * tensor, element by element.
  virtual void add_product(std::size_t to, std::size_t factor, std::size_t tensor) = 0;
  // to = standard normals for the samples that are wanted; sample i's are those of its own step number steps[i].
  virtual void draw(std::size_t to, std::span<const std::uint32_t> steps, std::span<const noise_level> from,
                    std::span<const noise_level> until, std::span<const std::uint8_t> wanted) = 0;
  // Per sample the root mean square of (high - low) / max(atol, rtol * max(|low|, |previous|)).
  virtual void error(std::size_t low, std::size_t high, std::size_t previous, double atol, double rtol,
                     std::span<double> out) = 0;
  // Per sample the Euclidean norm of a tensor.
  virtual void norms(std::size_t tensor, std::span<double> out) = 0;

 protected:
  ~bench() = default;
};

// name, check()               as for any solver
// check_ends(first, last)     throws noisefall::error on a trajectory that it cannot walk
// check_leg(leg)              (optional) the same for each leg, of a solver that walks them
// couples_batch               a sample depends on its batch neighbours
// tensors(), readings()       how many it wants; reads(): what the readings are
// state, begin(state, n)      its scalars for n samples; a second begin() does not allocate
// advance(state, bench)       called at the start and after each evaluation; says what it wants next. x may only change
//                             just before step_done.
// present_leg(state)          (optional) the leg of the trajectory at whose start its next evaluation stands, which the
//                             network is fed the label of, or one past the end; without it labels follow from levels()
// evaluations()               (optional) how many a step has at most; without it as many as there are readings
// draws(trajectory)           (optional) what it will draw, as a list of increments: a source of noise is asked for
//                             them before the run begins
// parameters(archive)         (optional) hands over its own fields, so that checkpoints tell two of them apart
// transfer(archive, state)    hands each part of the state to archive(part), for checkpoints between steps
// is_sound(state)             (optional) can this, read from a checkpoint, be a state between steps?
template <class S>
concept OwnStep = std::copyable<S> && std::default_initializable<typename S::state> &&
    requires(const S& s, typename S::state& state, std::size_t n, const noise_level& level, bench& on, archive& to) {
  { s.check() } -> std::same_as<void>;
  { s.check_ends(level, level) } -> std::same_as<void>;
  { s.couples_batch } -> std::convertible_to<bool>;
  { s.tensors() } -> std::convertible_to<std::size_t>;
  { s.readings() } -> std::convertible_to<std::size_t>;
  { s.reads() } -> std::same_as<quantity>;
  { s.begin(state, n) } -> std::same_as<void>;
  { s.advance(state, on) } -> std::same_as<own_action>;
  { s.transfer(to, state) } -> std::same_as<void>;
};

}  // namespace noisefall
