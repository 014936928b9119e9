// Runge-Kutta methods in a flow's own time: Heun, midpoint and the classical method of order 4 on its velocity.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/leg_label.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/row_algebra.hpp>

namespace noisefall {

// y = x / (alpha + sigma) = (1 - s) * x0 + s * eps,  s = sigma / (alpha + sigma),  dy / ds = v = eps - x0 = (y - D) / s
//
//   heun      y_t = y + h * (v_1 + v_2) / 2, v_2 at t
//   midpoint  y_t = y + h * v_2, v_2 in the middle of s
//   classical y_t = y + h * (v_1 + 2 v_2 + 2 v_3 + v_4) / 6, v_2 and v_3 in the middle, v_4 at t
//
// (Liu, Gong, Liu 2022: the straight paths of a rectified flow, whose time is s itself; any other marginal is one after
// the division.) heun{} is the same method in sigma / alpha, which is infinite where a flow starts; this one steps from
// alpha = 0 with its full order. Order 2, 2, 4 and as many evaluations; one, the Euler step, on a leg that ends at
// sigma_t = 0 (exactly D) or alpha_t = 0, or that leaves sigma = 0 (in eps). Legs may rise.
struct flow_runge_kutta {
  static constexpr std::string_view name = "flow_runge_kutta";
  static constexpr std::string_view reference = papers::rectified_flow;

  enum class method : std::uint8_t { heun, midpoint, classical };

  method by = method::heun;

  int order() const { return by == method::classical ? 4 : 2; }
  std::size_t history() const { return 0; }
  void check() const {}

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    const bool euler = from.sigma == 0 || to.sigma == 0 || to.alpha == 0 || !(falls(from, to) || rises(from, to));
    const auto [of, formula] = ode_row(from, to, from.sigma == 0 ? quantity::eps : quantity::x0);
    step_plan p = look_at(from, of);
    if (euler) {
      p.result = formula;
      return p;
    }
    const double s = time_of(from), h = time_of(to) - s, whole = size_of(from);
    const noise_level middle = by == method::heun ? to : at_time(window, s + h / 2);
    const row start{.x = 1 / whole};  // y
    std::array<row, max_evaluations> v{};
    v[0] = velocity(start, 0, s);

    const auto look = [&](std::size_t k, const noise_level& at, double step, const row& slope) {
      row y = start;
      add(y, step, slope);
      v[k] = velocity(y, k, time_of(at));
      row state{};
      add(state, size_of(at), y);
      const double label = at == to ? label_at_end(window) : std::numeric_limits<double>::quiet_NaN();
      p.evaluations.push_back({.state = state, .at = at, .label = label});
    };
    row y = start;
    switch (by) {
      case method::heun:
        look(1, to, h, v[0]);
        add(y, h / 2, v[0]);
        add(y, h / 2, v[1]);
        break;
      case method::midpoint:
        look(1, middle, h / 2, v[0]);
        add(y, h, v[1]);
        break;
      case method::classical:
        look(1, middle, h / 2, v[0]);
        look(2, middle, h / 2, v[1]);
        look(3, to, h, v[2]);
        for (std::size_t k = 0; k < 4; ++k) add(y, h * (k == 0 || k == 3 ? 1. / 6 : 2. / 6), v[k]);
        break;
    }
    add(p.result, size_of(to), y);
    return p;
  }

 private:
  static double size_of(const noise_level& at) { return at.alpha + at.sigma; }
  static double time_of(const noise_level& at) { return at.sigma / size_of(at); }
  static noise_level at_time(const step_window& window, double s) { return window.at_lambda(std::log((1 - s) / s)); }

  // (y - D_k) / s
  static row velocity(const row& y, std::size_t k, double s) {
    row v{};
    add(v, 1 / s, y);
    v.now[k] -= 1 / s;
    return v;
  }
};

}  // namespace noisefall
