// The continuous variance-preserving process with a linear beta(t).
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/level_at_rho.hpp>

namespace noisefall {

// ln(alpha) = -t^2 (beta_1 - beta_0) / 4 - t beta_0 / 2, sigma = sqrt(1 - alpha^2), arXiv:2011.13456 eq. 33.
// t in [t_end, 1], networks being trained from t_end up; at() and time_of() hold for every t >= 0, with alpha = 1 and
// sigma = 0 at t = 0.
struct vp_linear {
  static constexpr std::string_view name = "vp_linear";
  static constexpr std::string_view reference = papers::score_sde;

  double beta_0 = 0.1;  // above 0
  double beta_1 = 20;   // at least beta_0
  double t_end = 1e-3;  // in [0, 1)

  void check() const {
    require(beta_0 > 0 && beta_1 >= beta_0 && std::isfinite(beta_1), name, {"beta_0: ", beta_0, ", beta_1: ", beta_1},
            "0 < beta_0 <= beta_1");
    require(t_end >= 0 && t_end < 1, name, {"t_end: ", t_end}, "0 to 1, without 1");
  }

  noise_level at(double t) const {
    const double log_alpha = -0.25 * t * t * (beta_1 - beta_0) - 0.5 * t * beta_0;
    return {t, std::exp(log_alpha), std::sqrt(-std::expm1(2 * log_alpha))};
  }

  // With L = ln(1 + e^(-2 lambda)) = -2 ln(alpha): t = 2 L / (beta_0 + sqrt(beta_0^2 + 2 (beta_1 - beta_0) L)).
  double time_of(double lambda) const {
    const double e = std::exp(-2 * std::abs(lambda));
    const double l = lambda > 0 ? std::log1p(e) : std::log1p(e) - 2 * lambda;
    if (std::isinf(l)) return l;
    return 2 * l / (beta_0 + std::sqrt(beta_0 * beta_0 + 2 * (beta_1 - beta_0) * l));
  }

  noise_level at_rho(double rho) const { return variance_preserving_level(time_of(-std::log(rho)), rho); }
  double t_min() const { return t_end; }
  double t_max() const { return 1; }
};

}  // namespace noisefall
