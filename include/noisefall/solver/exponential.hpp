// Exponential Adams rows: the linear part of the diffusion ODE or SDE solved exactly, the readings a polynomial in
// lambda.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include <noisefall/core/inline_vector.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/phi.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/quadrature.hpp>

namespace noisefall {

// A leg in the form that data and noise prediction share, lambda = lambda_s + theta * h:
//
//   x_t = a * x + scale * integral over theta of y * exp(-y * (1 - theta)) * m(theta) + noise * z
//
//   data:  a = sigma_t / sigma_s * exp(-tau^2 h)   scale = alpha_t                y = (1 + tau^2) h
//          noise = sigma_t * sqrt(1 - exp(-2 tau^2 h))
//   noise: a = alpha_t / alpha_s                   scale = (1 + tau^2) sigma_t    y = -h
//          noise = tau * sigma_t * sqrt(exp(2 h) - 1)
//
// (SA-Solver, Xue et al. 2023, equations 11 and 12; tau = 0: DPM-Solver++ and DPM-Solver; data at tau = 1: the DDPM
// SDE.) Both levels must have a finite lambda. tau^2 is taken as 0 on a leg that rises.
struct exponential_leg {
  double lambda = 0, h = 0, a = 0, scale = 0, y = 0, noise = 0;
};

inline exponential_leg leg_in_lambda(const noise_level& from, const noise_level& to, quantity of, double tau_squared) {
  exponential_leg e{.lambda = from.lambda()};
  e.h = to.lambda() - e.lambda;
  const double strength = e.h > 0 ? tau_squared : 0;
  if (of == quantity::eps) {
    e.a = to.alpha / from.alpha;
    e.scale = (1 + strength) * to.sigma;
    e.y = -e.h;
    e.noise = strength == 0 ? 0 : to.sigma * std::sqrt(strength * std::expm1(2 * e.h));
  } else {
    e.a = to.sigma / from.sigma * std::exp(-strength * e.h);
    e.scale = to.alpha;
    e.y = (1 + strength) * e.h;
    e.noise = strength == 0 ? 0 : to.sigma * std::sqrt(-std::expm1(-2 * strength * e.h));
  }
  return e;
}

// The lambdas of this step's reading and of the remembered ones, newest first, at most `most`. It ends before the first
// that is infinite (alpha = 0 or sigma = 0: the weight of such a node is 0) or that repeats.
using lambda_nodes = inline_vector<double, max_nodes>;
inline lambda_nodes nodes_of(const step_window& window, std::size_t most) {
  lambda_nodes nodes;
  for (std::size_t k = 0; k < most && k <= window.stored && k < max_nodes; ++k) {
    const double lambda = (k == 0 ? window.at.from : window.past_level(k - 1)).lambda();
    if (!std::isfinite(lambda)) break;
    bool repeats = false;
    for (const double other : nodes) repeats = repeats || other == lambda;
    if (repeats) break;
    nodes.push_back(lambda);
  }
  return nodes;
}

// Whether a step of more than first order exists between the two levels.
inline bool has_length(const noise_level& from, const noise_level& to) {
  const double h = to.lambda() - from.lambda();
  return std::isfinite(h) && h != 0;
}

// The weights with which readings at `lambdas` are interpolated by the polynomial in lambda and integrated over the
// leg, with the given moments: moments(leg.y), unless a method bends them.
inline std::array<double, max_nodes> adams_weights(const exponential_leg& leg, std::span<const double> lambdas,
                                                   const std::array<double, max_nodes>& moments) {
  std::array<double, max_nodes> theta{};
  for (std::size_t j = 0; j < lambdas.size(); ++j) theta[j] = (lambdas[j] - leg.lambda) / leg.h;
  auto weights = weights_on({theta.data(), lambdas.size()}, moments);
  for (double& w : weights) w *= leg.scale;
  return weights;
}

// The row of such weights for this step's reading and the remembered ones, newest first. Over the leg that starts at
// the first node it is a predictor (Adams-Bashforth), over the one that ends there a corrector (Adams-Moulton).
inline row adams_row(const exponential_leg& leg, std::span<const double> lambdas,
                     const std::array<double, max_nodes>& moments) {
  const auto weights = adams_weights(leg, lambdas, moments);
  row r{.x = leg.a};
  r.now[0] = weights[0];
  for (std::size_t j = 1; j < lambdas.size(); ++j) r.past[j - 1] = weights[j];
  return r;
}

// A first-order step with the weight of its noise.
struct noisy_row {
  first_order_row reading;
  double noise = 0;
};

// The order-1 row of such a leg, for any two levels. Data prediction is variance preserving: at alpha_s = 0 and tau > 0
// it is alpha_t * D + sigma_t * z. No noise on a leg that rises or ends at sigma = 0, where both forms give alpha_t *
// D.
inline noisy_row exponential_first(const noise_level& from, const noise_level& to, quantity of, double tau_squared) {
  noisy_row n{ode_row(from, to, of)};
  if (tau_squared == 0 || to.sigma == 0 || !falls(from, to)) return n;
  const double kept = noise_kept(from, to);
  if (n.reading.of == quantity::eps) {
    n.reading.formula.now[0] *= 1 + tau_squared;
    n.noise = to.sigma / kept * std::sqrt(tau_squared * (1 - kept) * (1 + kept));
  } else {
    n.reading.formula = data_row(from, to, to.sigma / from.sigma * std::pow(kept, tau_squared));
    n.noise = to.sigma * std::sqrt(-std::expm1(2 * tau_squared * std::log(kept)));
  }
  return n;
}

}  // namespace noisefall
