// The loops over contiguous elements that a pass is made of.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <noisefall/core/instruction_set.hpp>

namespace noisefall::kernels {

// Elements per trip of an inner loop: a fixed count, because g++ -O2 leaves a loop of unknown count in scalar form.
inline constexpr std::size_t trip = 16;

template <class Body>
[[gnu::always_inline]] inline void for_each_index(std::size_t n, const Body& body) {
#ifdef __clang__  // vectorises the plain loop, but would unroll the trips before it looks
  for (std::size_t i = 0; i < n; ++i) body(i);
#else
  const std::size_t whole = n - n % trip;
  for (std::size_t at = 0; at < whole; at += trip)
    for (std::size_t i = 0; i < trip; ++i) body(at + i);
  for (std::size_t i = whole; i < n; ++i) body(i);
#endif
}

// A short weighted sum of arrays, in order.
template <class T, std::size_t Capacity>
struct weighted_terms {
  std::array<const T*, Capacity> data{};
  std::array<T, Capacity> weight{};
  std::size_t count = 0;
};

// out[i] = w[0] * x[0][i], then + w[k] * x[k][i] in order of k. Four terms per walk: the sum stays in a register.
struct sum_of_terms {
  static constexpr std::size_t together = 4;

  template <bool Fused, class T>
  [[gnu::always_inline]] static inline void run(const T* const* x, const T* w, std::size_t count, std::size_t n,
                                                T* out) {
    const std::size_t first = std::min(count, together);
    walk<Fused, true>(x, w, first, n, out);
    for (std::size_t done = first; done < count; done += together)
      walk<Fused, false>(x + done, w + done, std::min(count - done, together), n, out);
  }

 private:
  template <bool Fused, bool Starts, class T>
  [[gnu::always_inline]] static inline void walk(const T* const* x, const T* w, std::size_t count, std::size_t n,
                                                 T* out) {
    switch (count) {
      case 1:
        return add<Fused, Starts>(x, w, n, out, std::make_index_sequence<1>{});
      case 2:
        return add<Fused, Starts>(x, w, n, out, std::make_index_sequence<2>{});
      case 3:
        return add<Fused, Starts>(x, w, n, out, std::make_index_sequence<3>{});
      default:
        return add<Fused, Starts>(x, w, n, out, std::make_index_sequence<together>{});
    }
  }

  template <bool Fused, bool Starts, class T, std::size_t... K>
  [[gnu::always_inline]] static inline void add(const T* const* x, const T* w, std::size_t n, T* __restrict out,
                                                std::index_sequence<K...>) {
    for_each_index(n, at_index<Fused, Starts, T, K...>{{x[K]...}, {w[K]...}, out});
  }

  template <bool Fused, bool Starts, class T, std::size_t... K>
  struct at_index {
    const T* x[sizeof...(K)];
    T w[sizeof...(K)];
    T* __restrict out;

    [[gnu::always_inline]] inline void operator()(std::size_t i) const {
      T sum = Starts ? T{0} : out[i];
      ((sum = Starts && K == 0 ? w[K] * x[K][i] : multiply_add<Fused>(w[K], x[K][i], sum)), ...);
      out[i] = sum;
    }
  };
};

// No term makes 0. A single term of weight 1 is copied, so that not even the payload of a NaN changes.
template <class T, std::size_t Capacity>
void weighted_sum(const weighted_terms<T, Capacity>& terms, std::size_t n, T* out) {
  if (terms.count == 0)
    std::fill_n(out, n, T{0});
  else if (terms.count == 1 && terms.weight[0] == T{1})
    std::copy_n(terms.data[0], n, out);
  else
    run_widest<sum_of_terms>(terms.data.data(), terms.weight.data(), terms.count, n, out);
}

// v[i] = min(max(v[i], -limit), limit); a NaN stays one.
struct clamp {
  template <class T>
  struct at_index {
    T* v;
    T limit;
    [[gnu::always_inline]] inline void operator()(std::size_t i) const {
      const T low = v[i] < -limit ? -limit : v[i];
      v[i] = low > limit ? limit : low;
    }
  };
  template <bool, class T>
  [[gnu::always_inline]] static inline void run(T* v, T limit, std::size_t n) {
    for_each_index(n, at_index<T>{v, limit});
  }
};

// v[i] /= divisor
struct divide {
  template <class T>
  struct at_index {
    T* v;
    T divisor;
    [[gnu::always_inline]] inline void operator()(std::size_t i) const { v[i] /= divisor; }
  };
  template <bool, class T>
  [[gnu::always_inline]] static inline void run(T* v, T divisor, std::size_t n) {
    for_each_index(n, at_index<T>{v, divisor});
  }
};

// v[i] *= factor[i]
struct multiply {
  template <class T>
  struct at_index {
    T* __restrict v;
    const T* __restrict factor;
    [[gnu::always_inline]] inline void operator()(std::size_t i) const { v[i] *= factor[i]; }
  };
  template <bool, class T>
  [[gnu::always_inline]] static inline void run(T* v, const T* factor, std::size_t n) {
    for_each_index(n, at_index<T>{v, factor});
  }
};

}  // namespace noisefall::kernels
