// The algebra of batches in ordinary memory, one thread.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>

#include <noisefall/tensor/algebra.hpp>
#include <noisefall/tensor/aligned_memory.hpp>
#include <noisefall/tensor/finite.hpp>
#include <noisefall/tensor/fused_pass.hpp>
#include <noisefall/tensor/gram.hpp>
#include <noisefall/tensor/native_elements.hpp>
#include <noisefall/tensor/quantile.hpp>
#include <noisefall/tensor/scaled_error.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// Does the work of a run on float or double in the caller's thread. It has no state and allocates in allocate() only.
template <std::floating_point T>
struct span_algebra {
  using scalar = T;
  using view = noisefall::view<T>;
  using span = mutable_view<T>;

  // Memory of the algebra, with the shape that it holds.
  struct buffer {
    aligned_memory<T> elements;
    shape extents;
  };

  // Elements start at zero, so that memory is in place before the first step.
  buffer allocate(const shape& extents) const {
    buffer made{aligned_memory<T>(extents.size()), extents};
    fill(view_of(made), 0);
    return made;
  }
  span view_of(buffer& of) const { return {of.elements.data(), of.extents}; }
  shape extents(const view& of) const { return of.extents(); }

  void pass(const pass_description<view, span>& what) const { kernels::fused_pass<T>{what}.run(); }

  void gram(std::span<const view> inputs, std::span<const double> basis, std::span<double> out) const {
    const kernels::gram_of_samples<T> products{inputs, basis};
    products.run(0, inputs[0].samples(), out);
  }

  void quantile(const view& of, double p, std::span<double> out) const {
    for (std::size_t sample = 0; sample < of.samples(); ++sample)
      out[sample] = kernels::absolute_quantile(of.sample(sample), of.sample_size(), p);
  }

  void scaled_error(const view& high, const view& low, const view& previous, double atol, double rtol,
                    std::span<double> out) const {
    for (std::size_t i = 0; i < high.samples(); ++i)
      out[i] = kernels::scaled_error(high.sample(i), low.sample(i), previous.sample(i), high.sample_size(), atol, rtol);
  }

  void fill(const span& out, double value) const {
    for (std::size_t sample = 0; sample < out.samples(); ++sample)
      std::fill_n(out.sample(sample), out.sample_size(), static_cast<T>(value));
  }

  bool finite(const view& of) const { return kernels::all_finite(of); }

  void upload(std::span<const T> from, const span& to) const {
    for (std::size_t sample = 0; sample < to.samples(); ++sample)
      std::copy_n(from.data() + sample * to.sample_size(), to.sample_size(), to.sample(sample));
  }
  void download(const view& from, std::span<T> to) const {
    const std::size_t size = from.sample_size();
    for (std::size_t sample = 0; sample < from.samples(); ++sample) {
      T* into = to.data() + sample * size;
      const T* elements = kernels::native_elements(from, sample, 0, size, into);
      if (elements != into) std::copy_n(elements, size, into);
    }
  }

  // The memory of a batch lent to a network that gives halves or bfloat16s; a view of what it wrote widens them.
  template <class Narrow>
  static mutable_view<Narrow> narrow(const span& of) {
    return {reinterpret_cast<Narrow*>(of.data()), of.extents()};
  }

  // Slices along the axis after the samples.
  view part(const view& of, std::size_t k, std::size_t parts) const {
    const shape extents = of.extents().with_extent(1, of.extents()[1] / parts);
    return of.part(0, k * extents.sample_size(), extents);
  }
};

static_assert(Algebra<span_algebra<float>> && Algebra<span_algebra<double>>);

}  // namespace noisefall
