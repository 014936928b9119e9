// Exponential Runge-Kutta methods of two to five stages: RES, ETD-RK and their kin.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/exponential_tableau.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/leg_label.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// With levels at lambda_s + c_i h and a, scale, y of exponential_leg (a_i and scale_i: of the leg to that level):
//   u_i = a_i x + scale_i y sum_j a_ij(y) m_j,   x_t = a x + scale y sum_i b_i(y) m_i
//
// of x0: x / alpha obeys u' = -u + x0 in lambda, which the tableaux are for; of eps: x / sigma obeys u' = u - eps, the
// same with y = -h. The tableaux are in exponential_tableau.hpp. Some are known otherwise: res_2s is
// dpm_singlestep{.order = 2, .correction = heun} at c2 = 1/2, etd_rk_2 is seeds{.order = 2, .r = 1, .tau_squared = 0},
// res_3s at c2 = 1/3, c3 = 2/3 is dpm_singlestep{.order = 3}. No history; as many evaluations as stages: 2, 3, 4, or 5
// (hochbruck_ostermann). One, the step of order 1, over a leg with an end without lambda: exactly D at sigma_t = 0.
// Legs may rise. 0 < c2, c3 <= 1; for res_3s c2 is not 2/3 and not c3.
struct exponential_runge_kutta {
  static constexpr std::string_view name = "exponential_runge_kutta";
  static constexpr std::string_view reference = papers::res;
  using method = exponential_method;

  method by = method::res_3s;
  quantity of = quantity::x0;
  double c2 = 0.5, c3 = 1;

  // res_5s is RES4LYF's name, exp_heun_2_x0 ComfyUI's.
  static std::array<solver_alias<exponential_runge_kutta>, 5> aliases() {
    return {{{"etd_rk_4", {.by = method::etd_rk_4}},
             {"exp_heun_2_x0", {.by = method::etd_rk_2}},
             {"krogstad_4", {.by = method::krogstad}},
             {"res_3s", {.by = method::res_3s}},
             {"res_5s", {.by = method::hochbruck_ostermann}}}};
  }

  int order() const { return order_of(by); }
  std::size_t history() const { return 0; }
  void check() const {
    require_x0_or_eps("exponential_runge_kutta.of", of);
    require(c2 > 0 && c2 <= 1, "exponential_runge_kutta.c2", {"is ", c2}, "above 0, at most 1");
    require(c3 > 0 && c3 <= 1, "exponential_runge_kutta.c3", {"is ", c3}, "above 0, at most 1");
    require(by != method::res_3s || (3 * c2 != 2 && c2 != c3), "exponential_runge_kutta.c2", {"is ", c2},
            "neither 2/3 nor c3");
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    step_plan p = look_at(from, of);
    if (!has_length(from, to)) {
      const auto [quantity_here, formula] = ode_row(from, to, of);
      p.of = quantity_here;
      p.result = formula;
      return p;
    }
    const exponential_leg whole = leg_in_lambda(from, to, of, 0);
    const exponential_tableau t = tableau_of(by, whole.y, c2, c3);
    for (std::size_t i = 1; i < t.stages; ++i) {
      const bool is_end = t.c[i] == 1;
      const noise_level level = is_end ? to : window.at_lambda(whole.lambda + t.c[i] * whole.h);
      const double label = is_end ? label_at_end(window) : std::numeric_limits<double>::quiet_NaN();
      p.evaluations.push_back({.state = row_to(level, from, t.a[i], whole.y), .at = level, .label = label});
    }
    p.result = row_to(to, from, t.b, whole.y);
    return p;
  }

 private:
  row row_to(const noise_level& level, const noise_level& from, const std::array<double, max_evaluations>& weights,
             double y) const {
    const exponential_leg part = leg_in_lambda(from, level, of, 0);
    row r{.x = part.a};
    for (std::size_t j = 0; j < weights.size(); ++j) r.now[j] = part.scale * y * weights[j];
    return r;
  }
};

}  // namespace noisefall
