// The ask-and-tell run: what a sampler starts.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <noisefall/core/error.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/sampler/new_running.hpp>
#include <noisefall/sampler/options.hpp>
#include <noisefall/sampler/running.hpp>

namespace noisefall {

// One sampling in progress, on the algebra A with the noise Z. It looks at the caller's state x and owns all else;
// nothing is allocated after construction. It may be moved between two evaluations, not copied.
//   while (const auto* request = run.next()) { write request->outputs[k] for each branch; run.answer(); }
template <Algebra A, class Z>
class run {
 public:
  using scalar = typename A::scalar;
  using view = typename A::view;
  using request_type = evaluation_request<A>;

  run(A algebra, shared<policies> chosen, const run_needs& needs, typename A::span x, const run_settings& settings,
      Z noise)
      : held_{new_running(std::move(algebra), std::move(chosen), needs, x, settings, std::move(noise))} {}

  // The evaluation that the run waits for, the same until it is answered; nullptr when the run is done.
  const request_type* next() { return held_->next(); }
  // The outputs were written into the request's own arrays.
  void answer() { held_->answer(core().own_outputs()); }
  // The outputs, one per branch of the request, in arrays of the caller's that stay valid during the call.
  void answer(std::span<const view> outputs) { held_->answer(outputs); }
  // Inpainting by replacement (Song et al. 2021, arXiv:2011.13456, appendix I.2): after every step, and at the start,
  //   x = w * (alpha * known + sigma * z) + (1 - w) * x      at the level reached,
  // in one more pass over x and three arrays that the run then owns. z is the run's first draw of noise, so that the
  // known part moves on a straight line from that noise to its value: where w is 1 and the trajectory ends at
  // sigma = 0, x ends at the known value exactly. Both arrays are read here and at every restart() and may change
  // between restarts. Before the first step, once, and before load(). Not for solvers that choose their own steps:
  // their samples stand at levels of their own.
  void hold(const known_part<view>& part) {
    require(!core().chosen->has_own_steps(), {"run: hold, ", core().chosen->solver_name()},
            "a solver that chooses its own steps", "a solver that walks the trajectory");
    require(steps_done() == 0 && between_steps() && !core().asked && !core().holds_known(), "run: hold",
            "the run has begun, or holds a known part already", "a run before its first step, once");
    held_->core.hold(part);
  }
  // Starts anew on the same state, without allocating. Where the start is an image or given, refill the state first.
  void restart() { held_->restart(); }
  // The same with other noise: run.restart(philox{43}) gives the samples of seed 43.
  void restart(Z noise) {
    held_->core.replace_noise(std::move(noise));
    held_->restart();
  }

  // The next step goes straight from the present level to the trajectory's end: one first-order step, deterministic
  // whatever the solver is, with one evaluation; where the end is sigma = 0, the state becomes the guided (and mapped)
  // x0 estimate at that level. So the bits follow from the number of steps done before. An evaluation that is being
  // waited for, and the rest of its step, are done first. Where one leg is left, or none, nothing changes. Where no
  // such step exists (up from sigma = 0, with a network or guidance that gives no eps there), the solver's own comes
  // first.
  void finish_now() { held_->finish_now(); }
  // Has finish_now() left out legs?
  bool shortened() const { return held_->shortened(); }

  bool done() const { return held_->done(); }
  // Legs of the trajectory; 0 for a solver that chooses its own steps.
  std::size_t steps() const { return core().chosen->has_own_steps() ? 0 : core().chosen->path.steps(); }
  std::size_t steps_done() const { return held_->steps; }
  std::size_t evaluations() const { return core().evaluations; }
  view state() const { return core().x; }
  // The guided x0 of the last step's first evaluation, where run_settings::keep_denoised asks for it.
  view denoised() { return held_->core.denoised(); }
  // The state is not finite, or the solver could not go on.
  bool diverged() const { return held_->diverged(); }
  const step_position& last_position() const { return held_->position; }

  // For checkpoints (sampler/checkpoint.hpp).
  bool between_steps() const { return held_->between_steps(); }
  void transfer(archive& to) { held_->transfer(to); }
  bool is_sound() const { return held_->is_sound(); }
  const evaluator<A, Z>& core() const { return held_->core; }

 private:
  owned<running<A, Z>> held_;
};

}  // namespace noisefall
