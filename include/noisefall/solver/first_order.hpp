// Rows of one reading from one level to another, in forms that hold no logarithm and so are exact at both ends.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <noisefall/solver/plan.hpp>

namespace noisefall {

// A plan that evaluates the state as it is, at the leg's start.
inline step_plan look_at(const noise_level& from, quantity of = quantity::x0) {
  step_plan p;
  p.of = of;
  p.evaluations.push_back({.at = from});
  return p;
}

// A leg falls when it loses noise: sigma / alpha decreases.
inline bool falls(const noise_level& from, const noise_level& to) {
  return to.sigma * from.alpha < from.sigma * to.alpha;
}
inline bool rises(const noise_level& from, const noise_level& to) { return falls(to, from); }

// exp(-h) = rho_t / rho_s for a leg that falls: 0 if it starts at alpha = 0 or ends at sigma = 0.
inline double noise_kept(const noise_level& from, const noise_level& to) {
  return to.sigma * from.alpha / (from.sigma * to.alpha);
}

// x_t = a * x + (alpha_t - a * alpha_s) * D: whatever the factor a of the state, constant data stays (from.sigma > 0).
inline row data_row(const noise_level& from, const noise_level& to, double a) {
  row r{.x = a};
  r.now[0] = to.alpha - a * from.alpha;
  return r;
}

// x_t = (alpha_t / alpha_s) * x + (sigma_t - sigma_s * alpha_t / alpha_s) * eps: DDIM in noise prediction (from.alpha >
// 0).
inline row eps_row(const noise_level& from, const noise_level& to) {
  row r{.x = to.alpha / from.alpha};
  r.now[0] = to.sigma - from.sigma * r.x;
  return r;
}

// A step of one reading: what the reading is, and the row over it.
struct first_order_row {
  quantity of = quantity::x0;
  row formula;
};

// DDIM at eta = 0 in the wanted form; in the other one where that does not exist: data prediction cannot leave sigma =
// 0, noise prediction cannot leave alpha = 0.
inline first_order_row ode_row(const noise_level& from, const noise_level& to, quantity wanted) {
  const bool by_eps = from.alpha > 0 && (wanted == quantity::eps || from.sigma == 0);
  return by_eps ? first_order_row{quantity::eps, eps_row(from, to)}
                : first_order_row{quantity::x0, data_row(from, to, to.sigma / from.sigma)};
}

// The standard deviation of an ancestral step of strength eta: eta * sigma_t * sqrt(1 - (rho_t / rho_s)^2), at most
// sigma_t and 0 for a leg that does not fall. For alpha^2 + sigma^2 = 1 it is DDIM's equation (16).
inline double ancestral_noise(const noise_level& from, const noise_level& to, double eta) {
  if (!falls(from, to)) return 0;
  const double kept = noise_kept(from, to);
  return to.sigma * std::min(1.0, eta * std::sqrt((1 - kept) * (1 + kept)));
}

// sqrt(sigma^2 - noise^2): how much of the noise at a level is carried over when that much is fresh.
inline double carried_over(const noise_level& to, double noise) {
  return std::sqrt((to.sigma - noise) * (to.sigma + noise));
}

// The same step when a second reading continues the noise (CFG++): a * x becomes a * (alpha_s * D + sigma_s * eps).
inline row split_readings(row r, const noise_level& from) {
  r.now[0] += r.x * from.alpha;
  r.now_renoise[0] += r.x * from.sigma;
  r.x = 0;
  return r;
}

// Names the increment of this leg in `slot`, with weight `amount` in the result, unless it is 0.
inline void add_noise(step_plan& plan, const step_position& at, double amount, std::uint32_t slot = 0) {
  if (amount == 0) return;
  plan.result.noise[slot] = amount;
  plan.slots[slot] = {at.from, at.to, static_cast<std::uint32_t>(at.index), slot};
}

}  // namespace noisefall
