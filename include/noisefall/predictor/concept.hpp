// The NoisePredictor concepts: the user's network, as the engine calls it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include <noisefall/schedule/noise_level.hpp>
#include <noisefall/tensor/algebra.hpp>

namespace noisefall {

// What the network is asked. `levels` and `labels` hold one entry for the whole batch, or one per sample.
// The state handed along is already multiplied by input_scale().
struct evaluation {
  std::span<const noise_level> levels{};
  std::span<const double> labels{};        // what the network is fed as time
  std::span<const double> input_scales{};  // what the state was multiplied by; empty: 1
  std::uint64_t seed = 0, first_sample = 0;
  std::size_t step = 0, call = 0;  // the leg, and the evaluation within it

  const noise_level& level(std::size_t sample) const { return levels[levels.size() == 1 ? 0 : sample]; }
  double input_scale(std::size_t sample) const {
    return input_scales.empty() ? 1 : input_scales[input_scales.size() == 1 ? 0 : sample];
  }
  double label(std::size_t sample) const { return labels[labels.size() == 1 ? 0 : sample]; }
};

// The arrays that a predictor writes: the algebra's own or, for `using output_type = half` (or bfloat16), what the
// algebra offers for that: `narrow<half>(span)`, which a view can look at.
template <class P, class A>
struct output_of {
  using span = typename A::span;
};
template <class P, class A>
requires requires { typename P::output_type; }
struct output_of<P, A> {
  using span = std::remove_cvref_t<decltype(std::declval<const A&>().template narrow<typename P::output_type>(
      std::declval<typename A::span>()))>;
};
template <class P, class A>
using output_span = typename output_of<P, A>::span;

// predict() writes the network's raw output for the whole batch into `out`, every element of it.
// A predictor whose output has another shape than the state (learned variance: twice the channels) declares
// `shape output_shape(const shape& state) const`. One whose network gives 16-bit numbers declares output_type: they are
// widened where they are read, which costs less than reading floats.
template <class P, class A>
concept NoisePredictor = Algebra<A> &&
    requires(P& p, typename A::view x, const evaluation& at, const typename P::condition& c, output_span<P, A> out) {
  { p.predict(x, at, c, out) } -> std::same_as<void>;
};

// The same for several conditions at once: one call for all branches of a guided step.
template <class P, class A>
concept BatchPredictor = NoisePredictor<P, A> &&
    requires(P& p, typename A::view x, const evaluation& at, std::span<const typename P::condition* const> conditions,
             std::span<const output_span<P, A>> outs) {
  { p.predict(x, at, conditions, outs) } -> std::same_as<void>;
};

// A predictor that also answers gradients: of log p(condition | x) for classifier guidance and for solvers that split it
// off (splitting), of a potential between the samples of the batch for particle guidance. `x` is the state times
// at.input_scale(i), which is 1 where nothing but the gradient is asked for, and the gradient is that with respect to the
// state itself, at the level at.level(i).
template <class P, class View, class Span>
concept GradientPredictor = requires(P& p, const View& x, const evaluation& at, const typename P::condition& c,
                                     const Span& out) {
  p.gradient(x, at, c, out);
};

}  // namespace noisefall
