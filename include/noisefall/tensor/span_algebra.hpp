// The algebra of batches in ordinary memory, one thread.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <new>
#include <span>
#include <vector>

#include <noisefall/tensor/algebra.hpp>
#include <noisefall/tensor/finite.hpp>
#include <noisefall/tensor/fused_pass.hpp>
#include <noisefall/tensor/gram.hpp>
#include <noisefall/tensor/quantile.hpp>
#include <noisefall/tensor/scaled_error.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// Hands out memory at the start of a cache line.
template <class T>
struct cache_line_allocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};

  cache_line_allocator() = default;
  template <class U>
  cache_line_allocator(const cache_line_allocator<U>&) {}  // NOLINT(google-explicit-constructor): allocators convert

  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), alignment)); }
  void deallocate(T* p, std::size_t) { ::operator delete(p, alignment); }
  friend bool operator==(const cache_line_allocator&, const cache_line_allocator&) { return true; }
};

// Does the work of a run on float or double in the caller's thread. It has no state and allocates in allocate() only.
template <std::floating_point T>
struct span_algebra {
  using scalar = T;
  using view = noisefall::view<T>;
  using span = mutable_view<T>;

  struct buffer {
    std::vector<T, cache_line_allocator<T>> elements;
    shape extents;
  };

  // Elements start at zero, so that memory is in place before the first step.
  buffer allocate(const shape& extents) const {
    return {std::vector<T, cache_line_allocator<T>>(extents.size()), extents};
  }
  span view_of(buffer& of) const { return {of.elements.data(), of.extents}; }
  shape extents(const view& of) const { return of.extents(); }

  void pass(const pass_description<view, span>& what) const { kernels::fused_pass<T>{what}.run(); }

  void gram(std::span<const view> inputs, std::span<const double> basis, std::span<double> out) const {
    kernels::gram<T>(inputs, basis, out);
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

  bool finite(const view& of) const {
    std::size_t sample = 0;
    while (sample < of.samples() && kernels::all_finite(of.sample(sample), of.sample_size())) ++sample;
    return sample == of.samples();
  }

  void upload(std::span<const T> from, const span& to) const {
    for (std::size_t sample = 0; sample < to.samples(); ++sample)
      std::copy_n(from.data() + sample * to.sample_size(), to.sample_size(), to.sample(sample));
  }
  void download(const view& from, std::span<T> to) const {
    for (std::size_t sample = 0; sample < from.samples(); ++sample)
      std::copy_n(from.sample(sample), from.sample_size(), to.data() + sample * from.sample_size());
  }

  // Slices along the axis after the samples.
  view part(const view& of, std::size_t k, std::size_t parts) const {
    const shape extents = of.extents().with_extent(1, of.extents()[1] / parts);
    return {of.data() + k * extents.sample_size(), extents, of.sample_stride()};
  }
};

static_assert(Algebra<span_algebra<float>> && Algebra<span_algebra<double>>);

}  // namespace noisefall
