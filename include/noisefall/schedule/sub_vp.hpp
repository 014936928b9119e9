// The continuous process with the signal of the variance-preserving one and less noise.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>

namespace noisefall {

// ln(alpha) = -t^2 (beta_1 - beta_0) / 4 - t beta_0 / 2, sigma = 1 - alpha^2: the square of what the variance-preserving
// process has, arXiv:2011.13456 eq. 29 and appendix C. t in [t_end, 1]; at() and time_of() hold for every t >= 0, with
// alpha = 1 and sigma = 0 at t = 0. With sigma / alpha = rho: alpha = e^(-asinh(rho / 2)).
struct sub_vp {
  static constexpr std::string_view name = "sub_vp";
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
    return {t, std::exp(log_alpha), -std::expm1(2 * log_alpha)};
  }

  // With L = -2 ln(alpha): t = 2 L / (beta_0 + sqrt(beta_0^2 + 2 (beta_1 - beta_0) L)).
  double time_of(double lambda) const { return time_of_log(minus_log_alpha(std::exp(-lambda))); }

  noise_level at_rho(double rho) const {
    const double l = minus_log_alpha(rho), alpha = std::exp(-l);
    return {time_of_log(l), alpha, std::isinf(rho) ? 1 : rho * alpha};
  }
  double t_min() const { return t_end; }
  double t_max() const { return 1; }

 private:
  static double minus_log_alpha(double rho) { return std::asinh(rho / 2); }
  double time_of_log(double minus_log) const {
    if (std::isinf(minus_log)) return minus_log;
    return 4 * minus_log / (beta_0 + std::sqrt(beta_0 * beta_0 + 4 * (beta_1 - beta_0) * minus_log));
  }
};

}  // namespace noisefall
