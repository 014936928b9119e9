// Loops over the ask-and-tell run: one answer by a predictor, one step, all steps.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>

#include <noisefall/core/error.hpp>
#include <noisefall/core/inline_vector.hpp>
#include <noisefall/core/outcome.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/predictor/concept.hpp>
#include <noisefall/sampler/observer.hpp>
#include <noisefall/sampler/options.hpp>

namespace noisefall {

// Has the predictor write the gradient that is asked for as a branch.
template <class Model, class Request, class Condition, class Span>
[[gnu::cold]] void predict_gradient(Model& model, const Request& request, std::size_t branch,
                                    const Condition& condition, const Span& out) {
  if constexpr (GradientPredictor<Model, decltype(request.state), Span>)
    model.gradient(request.state, request.at, condition, out);
  else
    refuse("predictor", {"has no gradient(), and the sampler asks for a gradient as branch ", branch},
           "a predictor with void gradient(x, const evaluation&, const condition&, out)");
}

// The network's outputs beside gradients, one branch after the other.
template <class Model, class Request, class Span, class Options>
[[gnu::cold]] void predict_with_gradients(Model& model, const Request& request, std::span<const Span> outs,
                                          const Options& options) {
  for (std::size_t k = 0; k < request.branches.size(); ++k) {
    const std::size_t branch = request.branches[k];
    const auto& condition = options.of_branch(branch);
    if (request.gradients.holds(branch))
      predict_gradient(model, request, branch, condition, outs[k]);
    else
      model.predict(request.state, request.at, condition, outs[k]);
  }
}

// Has the predictor write what is asked for into `outs`, in one call if it can.
template <class Model, class Request, class Span, class Options>
void predict(Model& model, const Request& request, std::span<const Span> outs, const Options& options) {
  using condition = typename Model::condition;
  if (request.gradients.size() > 0) return predict_with_gradients(model, request, outs, options);
  if constexpr (requires(std::span<const condition* const> cs) {
                  model.predict(request.state, request.at, cs, outs);
                }) {
    inline_vector<const condition*, max_branches> conditions;
    for (const std::size_t branch : request.branches) conditions.push_back(&options.of_branch(branch));
    model.predict(request.state, request.at, std::span<const condition* const>{conditions.begin(), conditions.size()},
                  outs);
  } else {
    for (std::size_t k = 0; k < request.branches.size(); ++k)
      model.predict(request.state, request.at, options.of_branch(request.branches[k]), outs[k]);
  }
}

// Lets the predictor write the outputs that the run waits for. If it throws, the run waits on: call again to retry.
template <class Run, class Model, class Options>
void answer(Run& run, Model& model, const Options& options) {
  const auto* asked = run.next();
  if (asked == nullptr) refuse("answer", "the run is done: there is nothing to answer", "a run whose next() asks");
  using span_type = std::remove_cvref_t<decltype(asked->outputs[0])>;
  if (asked->only_gradients()) {  // a solver's own, in numbers of the state's type
    for (std::size_t k = 0; k < asked->branches.size(); ++k)
      predict_gradient(model, *asked, asked->branches[k], options.of_branch(asked->branches[k]), asked->outputs[k]);
    return run.answer();
  }
  if constexpr (requires { typename Model::output_type; }) {
    using narrow = typename Model::output_type;
    const auto& algebra = run.core().algebra;
    inline_vector<std::remove_cvref_t<decltype(algebra.template narrow<narrow>(asked->outputs[0]))>, max_branches> outs;
    inline_vector<typename Run::view, max_branches> answers;
    for (const span_type& out : asked->outputs) answers.push_back(outs.push_back(algebra.template narrow<narrow>(out)));
    if constexpr (requires { outs[0].elements(); })
      if (run.core().settings.checked)
        for (const auto& out : outs)
          std::fill_n(out.data(), out.size(), narrow{std::numeric_limits<float>::quiet_NaN()});
    predict(model, *asked, std::span<const std::remove_cvref_t<decltype(outs[0])>>{outs.begin(), outs.size()}, options);
    run.answer({answers.begin(), answers.size()});
  } else {
    predict(model, *asked, std::span<const span_type>{asked->outputs.begin(), asked->outputs.size()}, options);
    run.answer();
  }
}

// One step (for an adaptive solver, one trial), with the climbs before it.
template <class Run, class Model, class Options>
step_report<Run> step(Run& run, Model& model, const Options& options) {
  while (run.next() != nullptr) {
    answer(run, model, options);
    if (run.between_steps()) break;
  }
  return {run, run.last_position()};
}

// All the steps that are left, each seen by an observer (sampler/observer.hpp).
template <class Run, class Model, class Options, class Observer>
run_result finish(Run& run, Model& model, const Options& options, Observer&& see) {
  run_result result;
  verdict wanted = verdict_at_begin(see, run);
  while (!run.done()) {
    if (wanted == verdict::stop) {
      result.how = outcome::stopped;
      break;
    }
    if (wanted == verdict::finish) run.finish_now();
    if (run.done()) break;
    wanted = verdict_after(see, step(run, model, options));
  }
  if (run.done() && run.shortened()) result.how = outcome::shortened;
  result.steps = run.steps_done();
  result.evaluations = run.evaluations();
  if (run.diverged()) result.how = outcome::diverged;
  return result;
}

}  // namespace noisefall
