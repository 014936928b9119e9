// The level of a schedule where sigma / alpha has a given value.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/schedule/concept.hpp>

namespace noisefall {

// The level with the given rho = sigma / alpha in [0, infinity], on a schedule's own relation of alpha and sigma, to
// rounding: alpha = 1 / sqrt(1 + rho^2) for variance-preserving ones, 1 for variance-exploding ones, 1 / (1 + rho) for
// rectified flow. t is schedule.time_of(-ln rho); where the schedule clamps it to its range, alpha and sigma still
// follow rho. A schedule says its relation by a member at_rho(rho); without one the level is at(time_of(-ln rho)).
template <NoiseSchedule S>
noise_level level_at_rho(const S& schedule, double rho) {
  if constexpr (requires {
                  { schedule.at_rho(rho) } -> std::same_as<noise_level>;
                })
    return schedule.at_rho(rho);
  else
    return schedule.at(schedule.time_of(-std::log(rho)));
}

// The same where log(alpha / sigma) = lambda.
template <NoiseSchedule S>
noise_level level_at_lambda(const S& schedule, double lambda) {
  return level_at_rho(schedule, std::exp(-lambda));
}

// The level at a flow's sigma in [0, 1], rho = sigma / (1 - sigma): exactly {sigma, 1 - sigma, sigma} on rectified
// flow, the level of the same signal-to-noise ratio elsewhere.
template <NoiseSchedule S>
noise_level level_at_flow_sigma(const S& schedule, double sigma) {
  require(sigma >= 0 && sigma <= 1, "level_at_flow_sigma", {"sigma: ", sigma}, "0 to 1");
  const noise_level direct = schedule.at(sigma);
  return direct.alpha == 1 - sigma && direct.sigma == sigma ? direct : level_at_rho(schedule, sigma / (1 - sigma));
}

// The level of clean data, {t, 1, 0}: t where the schedule's lambda becomes infinite, else t_min().
template <NoiseSchedule S>
noise_level clean_level(const S& schedule) {
  const double t = schedule.time_of(std::numeric_limits<double>::infinity());
  return {std::isfinite(t) ? t : schedule.t_min(), 1, 0};
}

// The variance-preserving level (alpha^2 + sigma^2 = 1) with sigma / alpha = rho.
inline noise_level variance_preserving_level(double t, double rho) {
  if (std::isinf(rho)) return {t, 0, 1};
  const double alpha = 1 / std::sqrt(1 + rho * rho);
  return {t, alpha, rho * alpha};
}

}  // namespace noisefall
