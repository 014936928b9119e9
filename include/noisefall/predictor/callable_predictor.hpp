// A predictor from a callable.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include <noisefall/predictor/concept.hpp>

namespace noisefall {

// The condition of a network that knows none.
struct no_condition {
  friend bool operator==(no_condition, no_condition) = default;
};

template <class F, class Condition, class View, class Span>
concept ConditionalCallable = std::invocable<F&, const View&, const evaluation&, const Condition&, const Span&>;
template <class F, class Condition, class View, class Span>
concept UnconditionalCallable =
    std::same_as<Condition, no_condition> && std::invocable<F&, const View&, const evaluation&, const Span&>;

// Calls f(x, evaluation, condition, out) or, for no_condition, f(x, evaluation, out). Made by predictor_from.
template <class Condition, class F>
class callable_predictor {
 public:
  using condition = Condition;

  explicit callable_predictor(F f) : f_{std::move(f)} {}

  template <class View, class Span>
  requires ConditionalCallable<F, Condition, View, Span> || UnconditionalCallable<F, Condition, View, Span>
  void predict(const View& x, const evaluation& at, const Condition& c, const Span& out) {
    if constexpr (UnconditionalCallable<F, Condition, View, Span>)
      f_(x, at, out);
    else
      f_(x, at, c, out);
  }

 private:
  F f_;
};

//   auto model = predictor_from<text>([&](auto x, const nf::evaluation& at, const text& c, auto out) { ... });
//   auto model = predictor_from([&](nf::view<float> x, const nf::evaluation& at, nf::mutable_view<float> out) { ... });
// f is kept by value; std::ref(f) keeps a reference.
template <class Condition = no_condition, class F>
callable_predictor<Condition, std::decay_t<F>> predictor_from(F&& f) {
  return callable_predictor<Condition, std::decay_t<F>>{std::forward<F>(f)};
}

}  // namespace noisefall
