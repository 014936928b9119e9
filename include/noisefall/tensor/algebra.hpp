// The Algebra concept: all that the engine asks of a device that holds the state.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include <noisefall/tensor/pass.hpp>
#include <noisefall/tensor/shape.hpp>

namespace noisefall {

// scalar        the element type of the state
// view, span    read-only and writable handles of a batch; span converts to view; cheap to copy
// buffer        owns a batch
// narrow<half>  of (span), optional: its memory lent to a network with 16-bit outputs; a view of what that wrote may be
//               an input of pass and gram, and be asked for finite, part and download
// pass          one fused walk (tensor/pass.hpp)
// gram          per sample the inner products of `basis.size() / inputs.size()` vectors, each a linear combination of
//               the inputs and of the constant 1: basis[v * (inputs.size() + 1) + k], the last k weighing the 1;
//               out[sample * n * n + i * n + j], double
// quantile      per sample the p-quantile of the absolute values, linearly interpolated; out[sample]
// scaled_error  of (high, low, previous, atol, rtol): per sample the root mean square of
//               (high - low) / max(atol, rtol * max(|low|, |previous|))
// fill, finite  every element set to a number; no element NaN or infinite
// upload, download   between the batch and numbers in ordinary memory, sample after sample
// part          the k-th of `parts` equal slices of each sample, as a view (a network's mean and variance)
template <class A>
concept Algebra = std::copyable<A> && std::convertible_to<typename A::span, typename A::view> &&
    requires(const A& a, typename A::buffer& buffer, typename A::view in, typename A::span out, const shape& extents,
             const pass_description<typename A::view, typename A::span>& what, std::span<const typename A::view> inputs,
             std::span<const double> basis, std::span<double> numbers, double p, std::span<typename A::scalar> elements,
             std::size_t k) {
  typename A::scalar;
  { a.allocate(extents) } -> std::same_as<typename A::buffer>;
  { a.view_of(buffer) } -> std::same_as<typename A::span>;
  { a.extents(in) } -> std::convertible_to<shape>;
  { a.pass(what) } -> std::same_as<void>;
  { a.gram(inputs, basis, numbers) } -> std::same_as<void>;
  { a.quantile(in, p, numbers) } -> std::same_as<void>;
  { a.scaled_error(in, in, in, p, p, numbers) } -> std::same_as<void>;
  { a.fill(out, p) } -> std::same_as<void>;
  { a.finite(in) } -> std::same_as<bool>;
  { a.upload(std::span<const typename A::scalar>{elements}, out) } -> std::same_as<void>;
  { a.download(in, elements) } -> std::same_as<void>;
  { a.part(in, k, k) } -> std::same_as<typename A::view>;
};

}  // namespace noisefall
