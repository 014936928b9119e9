// Element maps on the denoised estimate: static clipping and dynamic thresholding.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>

namespace noisefall {

// fixed    x0 <- clamp(x0, -range, range)
// dynamic  s = clamp(quantile(|x0|, ratio), floor, ceiling) per sample; x0 <- clamp(x0, -s, s) / s
//          (Saharia et al., arXiv:2205.11487, section 2.3; the quantile is linearly interpolated). For pixels only.
// The map acts after guidance. Solvers that work in eps see the eps of the mapped x0, unless keep_eps: then the state
// goes on with the eps of the unmapped output (diffusers' DDIM), which asks the solver for two readings.
struct threshold {
  enum class kind : std::uint8_t { none, fixed, dynamic } how = kind::none;
  double range = 1;
  double ratio = 0.995, floor = 1, ceiling = std::numeric_limits<double>::infinity();
  bool keep_eps = false;

  friend bool operator==(const threshold&, const threshold&) = default;

  std::string_view reference() const { return how == kind::dynamic ? "arXiv:2205.11487" : ""; }

  [[gnu::cold]] void check() const {
    if (how == kind::fixed)
      require(range > 0 && std::isfinite(range), "threshold: range", {range}, "a finite number > 0");
    if (how == kind::dynamic) {
      require(ratio > 0 && ratio <= 1, "threshold: ratio", {ratio}, "0 < ratio <= 1");
      require(floor > 0 && ceiling >= floor, "threshold: floor, ceiling", {floor, ", ", ceiling},
              "0 < floor <= ceiling");
    }
  }
};

inline threshold static_threshold(double range = 1) {
  threshold map;
  map.how = threshold::kind::fixed;
  map.range = range;
  return map;
}

inline threshold dynamic_threshold(double ratio = 0.995, double ceiling = std::numeric_limits<double>::infinity()) {
  threshold map;
  map.how = threshold::kind::dynamic;
  map.ratio = ratio;
  map.ceiling = ceiling;
  return map;
}

}  // namespace noisefall
