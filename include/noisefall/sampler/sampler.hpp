// The sampler: policies put together once, checked, and run on as many states as one likes.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include <noisefall/core/outcome.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/core/reference.hpp>
#include <noisefall/guidance/unguided.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/sampler/loop.hpp>
#include <noisefall/sampler/prepared_policies.hpp>
#include <noisefall/sampler/run.hpp>
#include <noisefall/tensor/span_algebra.hpp>
#include <noisefall/tensor/tensor.hpp>
#include <noisefall/trajectory/concept.hpp>

namespace noisefall {

// Immutable, cheap to copy, safe to share between threads: every run has its own state. One type, whatever it is made
// of: policies give scalars, so holding them behind a pointer costs nothing and their types do not multiply the engine.
// The constructors throw noisefall::error if a policy is out of range or a leg cannot be done: after them, the loop
// cannot fail by itself. Guidance weights that jump pull the nearest interior level of the trajectory onto the jump
// (compat trajectories stay as they are).
class sampler {
 public:
  template <AnySolver S, NoiseSchedule N, Guidance G = unguided, Parameterisation P = predicts_eps>
  sampler(S solver, N schedule, trajectory path, G guidance = {}, P parameterisation = {}, threshold map = {})
      : made_{prepare(std::move(solver), std::move(schedule), std::move(path), std::move(guidance),
                      std::move(parameterisation), map)} {}
  template <AnySolver S, NoiseSchedule N, Spacing<N> R, Guidance G = unguided, Parameterisation P = predicts_eps>
  sampler(S solver, const N& schedule, const R& spacing, G guidance = {}, P parameterisation = {}, threshold map = {})
      : sampler{
            std::move(solver),           schedule, spacing(schedule).cited(reference_of(spacing)), std::move(guidance),
            std::move(parameterisation), map} {}

  const policies& parts() const { return *made_.parts; }
  const trajectory& path() const { return made_.parts->path; }
  std::size_t steps() const { return made_.parts->path.steps(); }

  // The ask-and-tell run on any device.
  template <Algebra A, class Z = philox>
  run<A, Z> start(A algebra, typename A::span x, const run_settings& settings, Z noise) const {
    require(settings.start != start_from::noise || path().kind() != trajectory_kind::inversion, "run: start",
            "noise over the state that an inversion starts from", "start_from::given");
    return {std::move(algebra), made_.parts, made_.needs, x, settings, std::move(noise)};
  }
  // The same on arrays in memory.
  template <std::floating_point T, class Z = philox>
  run<span_algebra<T>, Z> start(mutable_view<T> x, const run_settings& settings, Z noise) const {
    return start(span_algebra<T>{}, x, settings, std::move(noise));
  }
  template <std::floating_point T>
  run<span_algebra<T>, philox> start(mutable_view<T> x, const run_settings& settings = {}) const {
    return start(x, settings, philox{settings.seed});
  }

  template <std::floating_point T>
  run<span_algebra<T>, philox> start(tensor<T>& x, const run_settings& settings = {}) const {
    return start(mutable_view<T>{x}, settings);
  }

  // The whole loop over a predictor, on any device. `see` is an observer (sampler/observer.hpp).
  template <Algebra A, class Model, NoiseSource<typename A::scalar> Z, class Observer = ignore_steps>
  run_result operator()(A algebra, Model& model, typename A::span x,
                        const std::type_identity_t<run_options<typename Model::condition>>& options, Z noise,
                        Observer&& see = {}) const {
    static_assert(NoisePredictor<Model, A>,
                  "a predictor needs: using condition = ...; "
                  "void predict(view<T> x, const evaluation&, const condition&, mutable_view<T> out)");
    for (std::size_t b = 2 + options.further.size(); b < max_branches; ++b)
      require(!made_.needs.branches.holds(b), "run: conditions",
              {"the guidance looks at branch ", b, ", which has no condition"},
              "`further` with a condition for every branch from 2 on");
    run_settings settings{options.seed, options.first_sample, options.start, options.checked};
    settings.keep_denoised = looks_at_denoised<Observer>;
    settings.output_parts = output_parts(model, algebra.extents(x));
    auto now = start(std::move(algebra), x, settings, std::move(noise));
    return finish(now, model, options, see);
  }
  template <Algebra A, class Model, class Observer = ignore_steps>
  requires(!NoiseSource<std::remove_cvref_t<Observer>, typename A::scalar>) run_result operator()(
      A algebra, Model& model, typename A::span x,
      const std::type_identity_t<run_options<typename Model::condition>>& options = {}, Observer&& see = {}) const {
    return (*this)(std::move(algebra), model, x, options, philox{options.seed}, std::forward<Observer>(see));
  }

  // The same on arrays in memory, in the caller's thread.
  template <class Model, std::floating_point T, NoiseSource<T> Z, class Observer = ignore_steps>
  run_result operator()(Model& model, mutable_view<T> x,
                        const std::type_identity_t<run_options<typename Model::condition>>& options, Z noise,
                        Observer&& see = {}) const {
    return (*this)(span_algebra<T>{}, model, x, options, std::move(noise), std::forward<Observer>(see));
  }
  template <class Model, std::floating_point T, class Observer = ignore_steps>
  requires(!NoiseSource<std::remove_cvref_t<Observer>, T>) run_result operator()(
      Model& model, mutable_view<T> x, const std::type_identity_t<run_options<typename Model::condition>>& options = {},
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
    if constexpr (requires {
                    { model.output_shape(state) } -> std::convertible_to<shape>;
                  }) {
      const shape out = model.output_shape(state);
      if (out == state) return 1;
      const bool doubled = state.rank() >= 2 && out == state.with_extent(1, 2 * state[1]);
      require(doubled, "predictor: output_shape", {to_string(out), " for a state of ", to_string(state)},
              "the state's shape, or that with twice the channels");
      return 2;
    }
    return 1;
  }

  prepared_policies made_;
};

}  // namespace noisefall
