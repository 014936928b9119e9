// The sampler: policies put together once, checked, and run on as many states as one likes.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <noisefall/core/outcome.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/sampler/loop.hpp>
#include <noisefall/sampler/own_run.hpp>
#include <noisefall/sampler/planned_run.hpp>
#include <noisefall/sampler/snap.hpp>
#include <noisefall/tensor/span_algebra.hpp>
#include <noisefall/tensor/tensor.hpp>
#include <noisefall/trajectory/concept.hpp>

namespace noisefall {

// The run of a sampler: planned for solvers that make rows, own for those that take their own steps.
template <Algebra A, class Z, class Policies>
using run = std::conditional_t<OwnStep<decltype(Policies::solver)>, own_run<A, Z, Policies>, planned_run<A, Z, Policies>>;

// Immutable, cheap to copy, safe to share between threads: every run has its own state.
// The constructors throw noisefall::error if a policy is out of range or a leg cannot be done: after them, the loop
// cannot fail by itself. Guidance weights that jump pull the nearest interior level of the trajectory onto the jump
// (compat trajectories stay as they are).
template <class S, NoiseSchedule N, Guidance G = unguided, Parameterisation P = predicts_eps>
  requires Solver<S> || OwnStep<S>
class sampler {
 public:
  using policies_type = policies<S, N, G, P>;

  sampler(S solver, N schedule, trajectory path, G guidance = {}, P parameterisation = {}, threshold map = {}) {
    trajectory snapped = snap(std::move(path), schedule, guidance.breakpoints())
                             .labelled([&](const noise_level& at) { return parameterisation.label(at); });
    policies_ = std::make_shared<const policies_type>(policies_type{std::move(solver), std::move(schedule),
                                                                    std::move(snapped), std::move(guidance),
                                                                    std::move(parameterisation), map});
    needs_ = policies_->check();
  }
  template <Spacing<N> R>
  sampler(S solver, const N& schedule, const R& spacing, G guidance = {}, P parameterisation = {}, threshold map = {})
      : sampler{std::move(solver), schedule, spacing(schedule), std::move(guidance), std::move(parameterisation), map} {}

  const policies_type& parts() const { return *policies_; }
  const trajectory& path() const { return policies_->path; }
  std::size_t steps() const { return policies_->path.steps(); }

  // The ask-and-tell run on any device.
  template <Algebra A, class Z = philox>
  run<A, Z, policies_type> start(A algebra, typename A::span x, const run_settings& settings, Z noise) const {
    return {std::move(algebra), policies_, needs_, x, settings, std::move(noise)};
  }
  // The same on arrays in memory.
  template <std::floating_point T, class Z = philox>
  run<span_algebra<T>, Z, policies_type> start(mutable_view<T> x, const run_settings& settings, Z noise) const {
    return {span_algebra<T>{}, policies_, needs_, x, settings, std::move(noise)};
  }
  template <std::floating_point T>
  run<span_algebra<T>, philox, policies_type> start(mutable_view<T> x, const run_settings& settings = {}) const {
    return start(x, settings, philox{settings.seed});
  }

  // The whole loop over a predictor. `see` is called after every step and may return verdict::stop.
  template <class Model, std::floating_point T, NoiseSource<T> Z, class Observer = ignore_steps>
  run_result operator()(Model& model, mutable_view<T> x,
                        const std::type_identity_t<run_options<typename Model::condition>>& options, Z noise,
                        Observer&& see = {}) const {
    static_assert(NoisePredictor<Model, span_algebra<T>>,
                  "a predictor needs: using condition = ...; "
                  "void predict(view<T> x, const evaluation&, const condition&, mutable_view<T> out)");
    run_settings settings{options.seed, options.first_sample, options.start, options.checked};
    settings.keep_denoised = !std::same_as<std::remove_cvref_t<Observer>, ignore_steps>;
    settings.output_parts = output_parts(model, x.extents());
    auto now = start(x, settings, std::move(noise));
    return finish(now, model, options, see);
  }
  template <class Model, std::floating_point T, class Observer = ignore_steps>
    requires(!NoiseSource<std::remove_cvref_t<Observer>, T>)
  run_result operator()(Model& model, mutable_view<T> x,
                        const std::type_identity_t<run_options<typename Model::condition>>& options = {},
                        Observer&& see = {}) const {
    return (*this)(model, x, options, philox{options.seed}, std::forward<Observer>(see));
  }
  template <class Model, std::floating_point T, class... Rest>
  run_result operator()(Model& model, tensor<T>& x,
                        const std::type_identity_t<run_options<typename Model::condition>>& options = {},
                        Rest&&... rest) const {
    return (*this)(model, mutable_view<T>{x}, options, std::forward<Rest>(rest)...);
  }

 private:
  template <class Model>
  static std::size_t output_parts(const Model& model, const shape& state) {
    if constexpr (requires { { model.output_shape(state) } -> std::convertible_to<shape>; }) {
      const shape out = model.output_shape(state);
      if (out == state) return 1;
      const bool doubled = state.rank() >= 2 && out == state.with_extent(1, 2 * state[1]);
      require(doubled, "predictor: output_shape", to_string(out) + " for a state of " + to_string(state),
              "the state's shape, or that with twice the channels");
      return 2;
    }
    return 1;
  }

  std::shared_ptr<const policies_type> policies_;
  run_needs needs_;
};

template <class S, class N, class T>
sampler(S, N, T) -> sampler<S, N>;
template <class S, class N, class T, class G>
sampler(S, N, T, G) -> sampler<S, N, G>;
template <class S, class N, class T, class G, class P>
sampler(S, N, T, G, P) -> sampler<S, N, G, P>;
template <class S, class N, class T, class G, class P>
sampler(S, N, T, G, P, threshold) -> sampler<S, N, G, P>;

}  // namespace noisefall
