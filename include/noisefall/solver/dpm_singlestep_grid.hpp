// Singlestep DPM-Solvers whose inner levels are the trajectory's own.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// Legs in groups of `order`. Leg k of a group, k = 1 ... order, ends at the step of order k from the group's first
// level s_0, over the readings of the group so far:
//   x_{s_k} = a x_{s_0} + scale * (I_0 m_0 + ...) + c z        (a, scale, I_j of exponential_leg; dpm_singlestep)
// so that the last leg's result is a singlestep DPM-Solver or DPM-Solver++ (Lu et al. 2022, arXiv:2206.00927 and
// arXiv:2211.01095) with levels inside where the trajectory has them, and costs `order` evaluations, one a leg. Order
// 2: slope I_0 / 2 (midpoint) or I_1 (heun). Order 3: I_1 over the newest and the first reading (midpoint; of order 3
// only if the leg's levels lie at 0 and 2/3 of the group) or the parabola (heun).
//
// As rows: x_{s_0} is written by what the last leg made of it, so nothing but readings is kept. tau_squared > 0: the
// SDE of that strength; the noise of a group's legs adds up to that of the whole, so that all its states belong to one
// path. fresh_noise is diffusers instead: each result draws its own, and states inside a group are forgotten with
// theirs; shipped_third its third order heun, whose bend has a slip of sign as SDE.
//
// Order `order` of the ODE. Order 1 over a leg with an end without lambda (exactly D at sigma_t = 0; a reading at
// alpha = 0 begins no group). lower_order_final: the last leg of the run has order 1 if it would end a group. order 1
// to 3, tau_squared >= 0; no noise on a leg that rises.
struct dpm_singlestep_grid {
  static constexpr std::string_view name = "dpm_singlestep_grid";
  static constexpr std::string_view reference = papers::dpm_solver;

  asked_order order = 3;
  quantity of = quantity::x0;
  dpm_singlestep::kind correction = dpm_singlestep::kind::midpoint;
  double tau_squared = 0;
  bool lower_order_final = false;
  bool fresh_noise = false;
  bool shipped_third = false;

  int weak_order() const { return tau_squared == 0 ? order() : fresh_noise ? 1 : std::min(order(), 2); }
  std::size_t history() const { return static_cast<std::size_t>(order - 1); }
  void check() const {
    require_range("dpm_singlestep_grid.order", order, 1, 3);
    require_x0_or_eps("dpm_singlestep_grid.of", of);
    require_range("dpm_singlestep_grid.tau_squared", tau_squared, 0);
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    step_plan p = look_at(from, of);
    const lambda_nodes nodes = nodes_of(window, order_at(window.at));  // newest first
    const std::size_t k = nodes.size();
    if (k < 2) {
      const noisy_row first = exponential_first(from, to, of, tau_squared);
      p.of = first.reading.of;
      p.result = first.reading.formula;
      add_noise(p, window.at, first.noise);
      return p;
    }
    const noise_level& base = window.past_level(k - 2);
    const exponential_leg whole = leg_in_lambda(base, to, of, tau_squared);
    const exponential_leg before = leg_in_lambda(base, from, of, tau_squared);
    const auto now = readings(whole, nodes, k);
    const auto then = readings(before, {nodes.begin() + 1, k - 1}, k - 1);
    const double kept = whole.a / before.a;
    p.result.x = kept;
    p.result.now[0] = now[0];
    for (std::size_t j = 1; j < k; ++j) p.result.past[j - 1] = now[j] - kept * then[j - 1];
    if (!fresh_noise) {
      add_noise(p, window.at, leg_in_lambda(from, to, of, tau_squared).noise);
      return p;
    }
    add_noise(p, window.at, whole.noise);
    if (before.noise != 0) {
      p.result.noise[1] = -kept * before.noise;  // takes out what the last leg drew
      p.slots[1] = {window.behind.back().from, from, static_cast<std::uint32_t>(window.at.index - 1), 0};
    }
    return p;
  }

 private:
  std::size_t order_at(const step_position& at) const {
    const std::size_t group = static_cast<std::size_t>(order), k = at.index % group + 1;
    if (!has_length(at.from, at.to) || (lower_order_final && at.index + 1 == at.count && k == group)) return 1;
    return k;
  }

  // The weights of the readings in a step of order k over the leg that starts at the oldest node.
  std::array<double, max_nodes> readings(const exponential_leg& leg, std::span<const double> newest_first,
                                         std::size_t k) const {
    auto m = moments(leg.y);
    const bool midpoint = correction == dpm_singlestep::kind::midpoint;
    if (midpoint && k == 2) m[1] = m[0] / 2;
    if (shipped_third && of == quantity::x0 && tau_squared > 0) m[2] -= 2;
    if (!midpoint || k < 3) return adams_weights(leg, newest_first, m);
    const auto ends = adams_weights(leg, std::array{newest_first[0], newest_first[2]}, m);
    return {ends[0], 0, ends[1]};
  }
};

}  // namespace noisefall
