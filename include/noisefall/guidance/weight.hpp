// The extra weight of a guidance as a value over the noise level.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>

namespace noisefall {

// A step function w(sigma) of sigma / alpha, the level as users type it. w is the *extra* weight of c + w*(c - u): 0 no
// guidance, -1 the unconditional branch; the usual guidance scale is g = 1 + w. It is stated over the noise level, not
// over steps: a fraction of the steps means another level on another grid. A number converts to a constant.
//   classifier_free{.weight = 6.5}
//   classifier_free{.weight = weight_schedule::interval(2, 0.28, 5.42)}
// Reading allocates nothing.
class weight_schedule {
 public:
  // At `sigma` and below, down to the next jump, the weight is `weight`.
  struct jump {
    double sigma, weight;
    friend bool operator==(const jump&, const jump&) = default;
  };

  weight_schedule() = default;                                  // 0 everywhere
  weight_schedule(double weight) : above_{weight} { check(); }  // NOLINT(google-explicit-constructor): a constant

  // w1 above sigma1, -w2 at and below it: guidance that is partly given back at low noise, to restore the spread within
  // a class (arXiv:2602.00716). It does not restore the mean. w2 above 1 extrapolates past the unconditional branch.
  static weight_schedule window(double w1, double w2, double sigma1) { return piecewise(w1, {{sigma1, -w2}}); }

  // w on (sigma_lo, sigma_hi], 0 outside (Kynkaanniemi et al., arXiv:2404.07724). sigma_lo = 0 leaves no lower end,
  // sigma_hi = infinity no upper one.
  static weight_schedule interval(double w, double sigma_lo, double sigma_hi) {
    require(sigma_lo >= 0 && sigma_lo < sigma_hi, "weight_schedule::interval", {"from ", sigma_lo, " to ", sigma_hi},
            "0 <= sigma_lo < sigma_hi");
    const bool no_upper_end = sigma_hi == std::numeric_limits<double>::infinity();
    std::vector<jump> jumps;
    if (!no_upper_end) jumps.push_back({sigma_hi, w});
    if (sigma_lo > 0) jumps.push_back({sigma_lo, 0});
    return piecewise(no_upper_end ? w : 0, std::move(jumps));
  }

  // `above` at the highest noise, then the jumps in falling order of sigma.
  static weight_schedule piecewise(double above, std::vector<jump> jumps) {
    weight_schedule made;
    made.above_ = above;
    made.jumps_ = std::move(jumps);
    made.check();
    return made;
  }

  double at(double sigma) const {
    double weight = above_;
    for (const jump& j : jumps_) {
      if (sigma > j.sigma) break;
      weight = j.weight;
    }
    return weight;
  }

  // The values of sigma / alpha at which the weight jumps, falling.
  std::vector<double> breakpoints() const {
    std::vector<double> sigmas;
    for (std::size_t i = 0; i < jumps_.size(); ++i)
      if (jumps_[i].weight != (i == 0 ? above_ : jumps_[i - 1].weight)) sigmas.push_back(jumps_[i].sigma);
    return sigmas;
  }

  double above() const { return above_; }
  const std::vector<jump>& jumps() const { return jumps_; }

  friend bool operator==(const weight_schedule&, const weight_schedule&) = default;

 private:
  [[gnu::cold]] void check() const {
    constexpr std::string_view where = "weight_schedule";
    require(std::isfinite(above_), where, {"weight ", above_}, "finite weights");
    double last = std::numeric_limits<double>::infinity();
    for (const jump& j : jumps_) {
      require(std::isfinite(j.weight), where, {"weight ", j.weight}, "finite weights");
      require(j.sigma > 0 && j.sigma < last, where, {"a jump at sigma ", j.sigma},
              "finite sigma > 0, in falling order");
      last = j.sigma;
    }
  }

  double above_ = 0;
  std::vector<jump> jumps_;
};

}  // namespace noisefall
