// What a search may know, and the policies' way to say what they need to know.
#pragma once

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>

namespace noisefall {

// Any parts of different types: an error_table, a teacher, a metric ...; evidence{table, teacher}.
template <class... Parts>
class evidence {
 public:
  explicit evidence(Parts... parts) : parts_{std::move(parts)...} {}

  template <class Part>
  static constexpr bool holds = (std::same_as<Part, Parts> || ...);
  template <class Part>
  const Part& get() const {
    return std::get<Part>(parts_);
  }

 private:
  std::tuple<Parts...> parts_;
};
template <class... Parts>
evidence(Parts...) -> evidence<Parts...>;

// A policy's `using needs = needed_evidence<error_table>`: all of these parts, or it does not compile.
template <class... Parts>
struct needed_evidence {};

namespace detail {

template <class Evidence, class Part>
constexpr bool has_part() {
  if constexpr (std::same_as<Evidence, Part>)
    return true;  // one part stands for itself
  else if constexpr (requires { Evidence::template holds<Part>; })
    return Evidence::template holds<Part>;
  else
    return false;
}

template <class Part, class Evidence>
const Part& part_of(const Evidence& from) {
  if constexpr (std::same_as<Evidence, Part>)
    return from;
  else
    return from.template get<Part>();
}

// The parts there are of those that a policy could use: null where one is missing.
template <class Part, class Evidence>
const Part* part_if(const Evidence& from) {
  if constexpr (has_part<Evidence, Part>())
    return &part_of<Part>(from);
  else
    return nullptr;
}

}  // namespace detail

}  // namespace noisefall
