// Churn: noise added to the state before it is evaluated, at a level a little above the leg's start.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <string_view>

#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// rho_hat = rho_s * (1 + gamma), x_hat / alpha_hat = x / alpha_s + sqrt(rho_hat^2 - rho_s^2) * s_noise * z, where
// gamma = min(s_churn / steps, sqrt(2) - 1) if s_tmin <= rho_s <= s_tmax, else 0;  rho = sigma / alpha
// (Karras, Aittala, Aila, Laine 2022, algorithm 2, in terms of any alpha and sigma).
struct churn {
  double s_churn = 0, s_tmin = 0, s_tmax = std::numeric_limits<double>::infinity(), s_noise = 1;

  void check(std::string_view where) const {
    require_range({where, ".s_churn"}, s_churn, 0);
    require_range({where, ".s_noise"}, s_noise, 0);
    require(s_tmin >= 0, {where, ".s_tmin"}, "is negative or not a number", "0 or more");
    require(s_tmax >= s_tmin, {where, ".s_tmax"}, "is below s_tmin or not a number", "s_tmin or more");
  }
};

// Where a step starts after its churn, and the row from the state that it found.
struct raised_start {
  noise_level at;
  row state = same_state;  // with noise in slot 0
  bool raised = false;
};

// No churn on a leg that starts at alpha = 0, above which the schedule has no level, or, unless asked for, that rises.
inline raised_start raise(const step_window& window, const churn& by, bool also_rising = false) {
  const noise_level& from = window.at.from;
  const double rho = from.rho();
  raised_start none{.at = from};
  if (by.s_churn == 0 || rho < by.s_tmin || rho > by.s_tmax || from.alpha == 0 ||
      (rises(from, window.at.to) && !also_rising))
    return none;
  const double gamma = std::min(by.s_churn / static_cast<double>(window.at.count), std::numbers::sqrt2 - 1);
  raised_start start{.at = window.at_lambda(-std::log(rho * (1 + gamma))), .raised = true};
  const double hat = start.at.rho();
  if (!(hat > rho)) return none;
  start.state.x = start.at.alpha / from.alpha;
  start.state.noise[0] = start.at.alpha * std::sqrt((hat - rho) * (hat + rho)) * by.s_noise;
  return start;
}

// Where the plan's first evaluation looks, and the increment it uses.
inline void start_at(step_plan& plan, const raised_start& start, const step_window& window) {
  plan.evaluations[0].state = start.state;
  plan.evaluations[0].at = start.at;
  if (start.raised) plan.slots[0] = {window.at.from, start.at, static_cast<std::uint32_t>(window.at.index), 0};
}

}  // namespace noisefall
