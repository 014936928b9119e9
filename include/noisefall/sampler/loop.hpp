// Loops over the ask-and-tell run: one answer by a predictor, one step, all steps.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

#include <noisefall/core/error.hpp>
#include <noisefall/core/inline_vector.hpp>
#include <noisefall/core/outcome.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/sampler/options.hpp>

namespace noisefall {

// Lets the predictor write the outputs that the run waits for. If it throws, the run waits on: call again to retry.
template <class Run, class Model, class Options>
void answer(Run& run, Model& model, const Options& options) {
  const auto* asked = run.next();
  if (asked == nullptr) throw error{"answer", "the run is done: there is nothing to answer", "a run whose next() asks"};
  const auto& request = *asked;
  using condition = typename Model::condition;
  using span_type = std::remove_cvref_t<decltype(request.outputs[0])>;
  if constexpr (requires(std::span<const condition* const> cs, std::span<const span_type> outs) {
                  model.predict(request.state, request.at, cs, outs);
                }) {
    inline_vector<const condition*, max_branches> conditions;
    for (const std::size_t branch : request.branches) conditions.push_back(&options.of_branch(branch));
    model.predict(request.state, request.at, std::span<const condition* const>{conditions.begin(), conditions.size()},
                  std::span<const span_type>{request.outputs.begin(), request.outputs.size()});
  } else {
    for (std::size_t k = 0; k < request.branches.size(); ++k)
      model.predict(request.state, request.at, options.of_branch(request.branches[k]), request.outputs[k]);
  }
  run.answer();
}

// One step (for an adaptive solver, one trial).
template <class Run, class Model, class Options>
step_report<Run> step(Run& run, Model& model, const Options& options) {
  const std::size_t before = run.steps_done();
  while (run.steps_done() == before && run.next() != nullptr) answer(run, model, options);
  return {run, run.last_position()};
}

template <class Run, class Model, class Options, class Observer>
run_result finish(Run& run, Model& model, const Options& options, Observer&& see) {
  run_result result;
  while (run.next() != nullptr) {
    const auto report = step(run, model, options);
    if constexpr (std::same_as<decltype(see(report)), verdict>) {
      if (see(report) == verdict::stop && !run.done()) {
        result.how = outcome::stopped;
        break;
      }
    } else {
      static_assert(std::same_as<decltype(see(report)), void>, "an observer returns void or noisefall::verdict");
      see(report);
    }
  }
  result.steps = run.steps_done();
  result.evaluations = run.evaluations();
  if (run.diverged()) result.how = outcome::diverged;
  return result;
}

}  // namespace noisefall
