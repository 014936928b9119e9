// The paper behind a policy, where it names one.
#pragma once

#include <concepts>
#include <string_view>

namespace noisefall {

// Erased policies answer by a member function, others by their static `reference`; empty without one.
template <class P>
constexpr std::string_view reference_of(const P& policy) {
  if constexpr (requires {
                  { policy.reference() } -> std::convertible_to<std::string_view>;
                })
    return policy.reference();
  else if constexpr (requires {
                       { P::reference } -> std::convertible_to<std::string_view>;
                     })
    return P::reference;
  else
    return {};
}

}  // namespace noisefall
