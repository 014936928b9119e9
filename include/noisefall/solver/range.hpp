// The checks that solvers make on their parameters.
#pragma once

#include <limits>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/parameterisation/concept.hpp>

namespace noisefall {

inline constexpr double no_upper_bound = std::numeric_limits<double>::max();  // finite, however large

// Throws unless low <= value <= high; NaN is outside every range.
inline void require_range(const message& where, double value, double low, double high = no_upper_bound) {
  if (value >= low && value <= high) return;
  const auto text = [](double v) {
    std::string s = std::to_string(v);
    if (s.find('.') != std::string::npos) s.erase(s.find_last_not_of('0') + 1);
    if (s.back() == '.') s.pop_back();
    return s;
  };
  if (high >= no_upper_bound) refuse(where, {"is ", text(value)}, {text(low), " or more, and finite"});
  refuse(where, {"is ", text(value)}, {text(low), " to ", text(high)});
}

// Throws unless the readings are clean data or noise.
inline void require_x0_or_eps(const message& where, quantity of) {
  require(of == quantity::x0 || of == quantity::eps, where, "is the network's raw output", "x0 or eps");
}

}  // namespace noisefall
