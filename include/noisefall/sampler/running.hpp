// What every kind of run does: it asks, is answered, starts anew, and can be saved.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <noisefall/core/archive.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/sampler/evaluator.hpp>

namespace noisefall {

// The kinds of run behind one interface, so that `run` is one type. Not copied, not moved: it is held by an owner.
template <Algebra A, class Z>
class running {
 public:
  using view = typename A::view;
  using span = typename A::span;

  [[gnu::cold]] running(A algebra, shared<policies> chosen, const run_needs& needs, span x,
                        const run_settings& settings, Z noise)
      : core{std::move(algebra), std::move(chosen), needs, x, settings, std::move(noise)} {}
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  virtual ~running() = default;

  virtual const evaluation_request<A>* next() = 0;
  virtual void answer(std::span<const view> outputs) = 0;
  virtual void restart() = 0;
  virtual void finish_now() = 0;
  virtual bool shortened() const = 0;
  virtual bool done() const = 0;
  virtual bool diverged() const { return !core.algebra.finite(core.x); }
  virtual bool between_steps() const = 0;
  virtual void transfer(archive& to) = 0;  // all that the next step depends on
  virtual bool is_sound() const = 0;       // can these numbers, read from a file, be a run's?

  evaluator<A, Z> core;
  std::size_t steps = 0;   // done
  step_position position;  // of the present step, or the last one
};

}  // namespace noisefall
