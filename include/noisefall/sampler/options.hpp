// What a caller may set for one run, and what an observer is told after each step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/tensor/shape.hpp>

namespace noisefall {

// noise   the run writes sigma * z of the first level into the state
// image   the state holds clean data: it becomes alpha * x + sigma * z of the first level (SDEdit, image to image)
// given   the state is the first level's sample: an inversion, or the end of another run
enum class start_from : std::uint8_t { noise, image, given };

// Clean data that part of the state is held at (run::hold): [B, ...] both, as the state. Weights are 1 where the value
// is known, 0 where it is to be sampled, between 0 and 1 for a mix.
template <class View>
struct known_part {
  View values{}, weights{};
};

#ifdef NDEBUG
inline constexpr bool checked_by_default = false;
#else
inline constexpr bool checked_by_default = true;
#endif

// What the ask-and-tell run needs to know. Sample i of the state is sample first_sample + i of the seed.
struct run_settings {
  std::uint64_t seed = 0;
  std::uint64_t first_sample = 0;
  start_from start = start_from::noise;
  bool checked = checked_by_default;  // outputs are filled with NaN before the network runs and looked at after
  bool keep_denoised = false;         // keep the step's x0 estimate for whoever looks at the run
  std::size_t output_parts = 1;       // 2: the network's output has twice the channels (the second half: variance)
};

// The same for the whole-loop call, with the conditions of the branches.
template <class Condition>
struct run_options {
  std::uint64_t seed = 0;
  std::uint64_t first_sample = 0;
  start_from start = start_from::noise;
  bool checked = checked_by_default;
  Condition conditional{}, unconditional{};  // branches 0 and 1
  std::span<const Condition> further{};      // branches 2, 3, ...

  const Condition& of_branch(std::size_t branch) const {
    if (branch == 0) return conditional;
    if (branch == 1) return unconditional;
    if (branch - 2 >= further.size())
      refuse("run: conditions", {"branch ", branch, " has no condition"},
             "`further` with a condition for every branch from 2 on");
    return further[branch - 2];
  }
};

// After a step: where the run stands. denoised() is the guided x0 estimate of the step's first evaluation. done(): it
// was the last step.
template <class Run>
class step_report {
 public:
  step_report(Run& run, const step_position& position) : at{position}, run_{&run} {}
  step_position at;
  std::size_t evaluations() const { return run_->evaluations(); }
  auto x() const { return run_->state(); }
  auto denoised() const { return run_->denoised(); }
  bool done() const { return run_->done(); }
  shape extents() const { return run_->core().shape_of(run_->state()); }
  // The numbers of x() or denoised(), wherever they lie, into ordinary memory.
  void copy(const typename Run::view& from, std::span<typename Run::scalar> to) const {
    run_->core().algebra.download(from, to);
  }

 private:
  Run* run_;
};

// The observer of a run that nobody looks at.
struct ignore_steps {
  static constexpr bool looks_at_denoised = false;
  template <class Report>
  void operator()(const Report&) const {}
};

}  // namespace noisefall
