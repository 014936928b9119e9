// The algebra of batches in ordinary memory, split over threads that the caller hands in.
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <span>

#include <noisefall/core/error.hpp>
#include <noisefall/random/philox_source.hpp>
#include <noisefall/tensor/executor.hpp>
#include <noisefall/tensor/fused_pass.hpp>
#include <noisefall/tensor/gram.hpp>
#include <noisefall/tensor/span_algebra.hpp>

namespace noisefall {

// When work is split. It pays from the number of elements on at which half of it outlasts the waking of a thread; the
// figures are for workers that sleep between passes (25 to 45 us). An executor whose workers spin (0.3 us) breaks even
// a hundred times lower. None of this changes a bit of the results.
struct parallel_options {
  std::size_t linear = std::size_t{512} * 1024;  // elements of a batch from which linear work is split
  std::size_t noise = std::size_t{256} * 1024;   // the same for work of several times the cost: making noise, quantiles
  std::size_t chunk = std::size_t{64} * 1024;    // elements per task; best a multiple of 64, noise's block
};

// Gives the bits of span_algebra, whatever the number of threads: the pieces do not depend on it, elements do not meet
// in a pass, and reductions are split between samples only (so is a pass whose coefficients differ between them, or
// whose samples lie apart). Copies share the executor, which belongs to the caller and must outlive every run.
// No allocation but in allocate().
template <std::floating_point T, class E>
requires Executor<E>
class parallel_algebra {
 public:
  using scalar = T;
  using view = typename span_algebra<T>::view;
  using span = typename span_algebra<T>::span;
  using buffer = typename span_algebra<T>::buffer;

  explicit parallel_algebra(E& executor, const parallel_options& options = {})
      : executor_{&executor}, options_{options} {
    require(options.chunk > 0, "parallel_options: chunk", "0", "1 or more elements");
  }

  // The threads that will work on the memory touch it first.
  buffer allocate(const shape& extents) const {
    buffer made{aligned_memory<T>(extents.size()), extents};
    fill(view_of(made), 0);
    return made;
  }
  span view_of(buffer& of) const { return whole.view_of(of); }
  shape extents(const view& of) const { return of.extents(); }
  view part(const view& of, std::size_t k, std::size_t parts) const { return whole.part(of, k, parts); }

  template <class Narrow>
  static mutable_view<Narrow> narrow(const span& of) {
    return span_algebra<T>::template narrow<Narrow>(of);
  }

  void pass(const pass_description<view, span>& what) const {
    const kernels::fused_pass<T> pass{what};
    const shape& extents = what.outputs.empty() ? what.store.extents() : what.outputs[0].extents();
    std::size_t from = options_.linear;
    for (const auto& draw : what.draws)
      if (!draw.is_filled) {
        from = options_.noise;
        philox{}.fill(std::span<T>{}, extents.sample_size(), draw.which);  // throws now if it would in a task
      }
    if (pass.one_row())
      split(extents.size(), options_.chunk, extents.size() >= from,
            [&](std::size_t begin, std::size_t n) { pass.run_elements(begin, begin + n); });
    else
      split_samples(extents, from, [&](std::size_t first, std::size_t n) { pass.run(first, n); });
  }

  void gram(std::span<const view> inputs, std::span<const double> basis, std::span<double> out) const {
    const kernels::gram_of_samples<T> products{inputs, basis};
    split_samples(inputs[0].extents(), options_.linear,
                  [&](std::size_t first, std::size_t n) { products.run(first, n, out); });
  }

  void quantile(const view& of, double p, std::span<double> out) const {
    split_samples(of.extents(), options_.noise, [&](std::size_t first, std::size_t n) {
      whole.quantile(samples_of(of, first, n), p, out.subspan(first, n));
    });
  }

  void scaled_error(const view& high, const view& low, const view& previous, double atol, double rtol,
                    std::span<double> out) const {
    split_samples(high.extents(), options_.linear, [&](std::size_t first, std::size_t n) {
      whole.scaled_error(samples_of(high, first, n), samples_of(low, first, n), samples_of(previous, first, n), atol,
                         rtol, out.subspan(first, n));
    });
  }

  void fill(const span& out, double value) const {
    split_elements(out, [&](std::size_t sample, std::size_t at, std::size_t n) {
      std::fill_n(out.sample(sample) + at, n, static_cast<T>(value));
    });
  }

  bool finite(const view& of) const {
    std::atomic<bool> all = true;
    split_elements(of, [&](std::size_t sample, std::size_t at, std::size_t n) {
      if (all.load(std::memory_order_relaxed) && !whole.finite(of.part(sample, at, {1, n})))
        all.store(false, std::memory_order_relaxed);
    });
    return all;
  }

  void upload(std::span<const T> from, const span& to) const {
    split_elements(to, [&](std::size_t sample, std::size_t at, std::size_t n) {
      std::copy_n(from.data() + sample * to.sample_size() + at, n, to.sample(sample) + at);
    });
  }
  void download(const view& from, std::span<T> to) const {
    split_elements(from, [&](std::size_t sample, std::size_t at, std::size_t n) {
      whole.download(from.part(sample, at, {1, n}), to.subspan(sample * from.sample_size() + at, n));
    });
  }

 private:
  static constexpr span_algebra<T> whole{};

  static view samples_of(const view& of, std::size_t first, std::size_t n) {
    return of.part(first, 0, of.extents().with_samples(n));
  }

  // f(begin, n) over `size` items in pieces of `piece`, the last one shorter.
  template <class F>
  void split(std::size_t size, std::size_t piece, bool pays, const F& f) const {
    if (!pays || size <= piece) return f(0, size);
    (*executor_)((size + piece - 1) / piece, [&](std::size_t task) {
      const std::size_t begin = task * piece;
      f(begin, std::min(piece, size - begin));
    });
  }
  // f(first sample, samples), whole samples of about a chunk together.
  template <class F>
  void split_samples(const shape& extents, std::size_t from, const F& f) const {
    const std::size_t together =
        std::max<std::size_t>(options_.chunk / std::max<std::size_t>(extents.sample_size(), 1), 1);
    split(extents.samples(), together, extents.size() >= from, f);
  }
  // f(sample, first element, elements) where elements do not meet: the samples of a contiguous view are one long one.
  template <class View, class F>
  void split_elements(const View& of, const F& f) const {
    if (of.contiguous())
      split(of.size(), options_.chunk, of.size() >= options_.linear,
            [&](std::size_t begin, std::size_t n) { f(0, begin, n); });
    else
      split_samples(of.extents(), options_.linear, [&](std::size_t first, std::size_t n) {
        for (std::size_t sample = first; sample < first + n; ++sample) f(sample, 0, of.sample_size());
      });
  }

  E* executor_;
  parallel_options options_;
};

// The algebra over an executor, without spelling its type: sample(parallel<float>(pool), model, x, options).
template <std::floating_point T, Executor E>
parallel_algebra<T, E> parallel(E& executor, const parallel_options& options = {}) {
  return parallel_algebra<T, E>{executor, options};
}

}  // namespace noisefall
