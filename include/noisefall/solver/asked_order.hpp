// The order that a user asks a solver for.
#pragma once

namespace noisefall {

// An int that is a solver's field `order` and, called, its order().
struct asked_order {
  constexpr asked_order(int order) : value{order} {}  // NOLINT(google-explicit-constructor): {.order = 3}
  constexpr operator int() const { return value; }    // NOLINT(google-explicit-constructor)
  constexpr int operator()() const { return value; }

  int value;
};

}  // namespace noisefall
