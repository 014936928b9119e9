// The algebra of batches in ordinary memory, one thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <new>
#include <span>
#include <vector>

#include <noisefall/tensor/algebra.hpp>
#include <noisefall/tensor/fused_pass.hpp>
#include <noisefall/tensor/gram.hpp>
#include <noisefall/tensor/native_elements.hpp>
#include <noisefall/tensor/quantile.hpp>
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
    const std::size_t n = high.sample_size();
    for (std::size_t sample = 0; sample < high.samples(); ++sample) {
      const T *h = high.sample(sample), *l = low.sample(sample), *p = previous.sample(sample);
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const double a = static_cast<double>(h[i]), b = static_cast<double>(l[i]), c = static_cast<double>(p[i]);
        const double ratio = (a - b) / std::max(atol, rtol * std::max(std::abs(b), std::abs(c)));
        sum += ratio * ratio;
      }
      out[sample] = n == 0 ? 0 : std::sqrt(sum / static_cast<double>(n));
    }
  }

  void fill(const span& out, double value) const {
    for (std::size_t sample = 0; sample < out.samples(); ++sample)
      std::fill_n(out.sample(sample), out.sample_size(), static_cast<T>(value));
  }

  bool finite(const view& of) const {
    bool all = true;
    for (std::size_t sample = 0; all && sample < of.samples(); ++sample)
      kernels::run_widest<kernels::finite>(of.sample(sample), of.sample_size(), &all);
    return all;
  }

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

  // Slices along the axis after the samples.
  view part(const view& of, std::size_t k, std::size_t parts) const {
    const shape extents = of.extents().with_extent(1, of.extents()[1] / parts);
    return of.part(k * extents.sample_size(), extents);
  }
};

static_assert(Algebra<span_algebra<float>> && Algebra<span_algebra<double>>);

}  // namespace noisefall
