// A non-owning reference to a callable: two pointers, no allocation. The callable must outlive it.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace noisefall {

template <class Signature>
class function_ref;

// function_ref<double(double)> f = some_lambda: for parameters that are called before the function returns.
template <class R, class... Args>
class function_ref<R(Args...)> {
 public:
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, function_ref> && std::is_invocable_r_v<R, const F&, Args...>)
      function_ref(const F& f)  // NOLINT(google-explicit-constructor): a reference stands for what it refers to
      : object_{&f}, call_{[](const void* object, Args... args) -> R {
          return (*static_cast<const F*>(object))(std::forward<Args>(args)...);
        }} {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  const void* object_;
  R (*call_)(const void*, Args...);
};

}  // namespace noisefall
