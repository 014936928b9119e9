// Multistep DPM-Solver and DPM-Solver++, orders 1 to 3, as ODE and as SDE.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/multistep_start.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// x_t = a * x + scale * (I_0 * m_0 + slope * Delta_1 + bend * Delta_2) + s_noise * c * z     (one evaluation)
//
// with a, scale, c and the moments I_k of exponential_leg, and Delta_k the derivative at s and the second divided
// difference of the readings in theta = (lambda - lambda_s) / h.
//   of x0:   DPM-Solver++ (Lu et al. 2022, arXiv:2211.01095, section 4); tau_squared > 0: SDE-DPM-Solver++ (ibid.),
//            k-diffusion's 2M SDE and 3M SDE with eta = tau_squared, diffusers' sde-dpmsolver++ at 1
//   of eps:  DPM-Solver (Lu et al. 2022, arXiv:2206.00927); diffusers' sde-dpmsolver at tau_squared = 1
// Order 2: the slope is I_0 / 2 (midpoint) or I_1 (heun, which is exponential Adams-Bashforth).
// Order 3: the bend is I_2 (corrected). The published codes have half of it and with that order 2: `halved` is the
// official code and k-diffusion; `shipped` is diffusers, whose SDE form has a slip of sign besides, I_2 / 2 - 1.
//
// Order of the ODE: `order` with start = singlestep (multistep_start.hpp); reached by a ramp 1, 2, 3 it is capped at 2
// as the steps shrink. As SDE its weak order is 2 at most, which the ramp does not lower. Order 1 where lambda is
// infinite (sigma_t = 0: exactly D; alpha_s = 0: that reading is not used again), and on the last step if
// euler_at_final or with fewer than lower_order_below steps (diffusers: 15; the official code: 10), then with order 2
// at most on the one before. order 1 to 3, tau_squared and s_noise >= 0; no noise on a leg that rises. An s_noise other
// than 1, k-diffusion's temperature of the steps, does not converge to the data.
struct dpm_multistep {
  static constexpr std::string_view name = "dpm_multistep";
  static constexpr std::string_view reference = papers::dpm_solver_pp;

  enum class kind : std::uint8_t { midpoint, heun };
  enum class third : std::uint8_t { corrected, halved, shipped };

  asked_order order = 2;
  quantity of = quantity::x0;
  kind correction = kind::midpoint;
  double tau_squared = 0, s_noise = 1;
  std::size_t lower_order_below = 0;
  bool euler_at_final = false;
  third third_order = third::corrected;
  multistep_start start = multistep_start::ramp;

  // dpmpp_3m_sde is k-diffusion's, with half the bend; sde_dpm_pp_3m has all of it.
  static std::array<solver_alias<dpm_multistep>, 13> aliases() {
    return {{{"deis_log_rho_2", {.order = 2, .of = quantity::eps, .correction = kind::heun}},
             {"deis_log_rho_3", {.order = 3, .of = quantity::eps, .correction = kind::heun}},
             {"dpm_pp_3m", {.order = 3}},
             {"dpm_solver_2m", {.of = quantity::eps}},
             {"dpm_solver_3m", {.order = 3, .of = quantity::eps}},
             {"dpmpp_2m_sde", {.tau_squared = 1}},
             {"dpmpp_2m_sde_heun", {.correction = kind::heun, .tau_squared = 1}},
             {"dpmpp_3m_sde", {.order = 3, .correction = kind::heun, .tau_squared = 1, .third_order = third::halved}},
             {"res_multistep", {.correction = kind::heun}},
             {"sde_dpm_pp_1", {.order = 1, .tau_squared = 1}},
             {"sde_dpm_pp_2m", {.tau_squared = 1}},
             {"sde_dpm_pp_3m", {.order = 3, .tau_squared = 1}},
             {"sde_dpm_solver_2m", {.of = quantity::eps, .tau_squared = 1}}}};
  }

  int weak_order() const {
    if (tau_squared == 0) return order;
    if (s_noise != 1) return 0;
    const bool slipped = order == 3 && third_order == third::shipped && of == quantity::x0;
    return slipped ? 1 : std::min<int>(order, 2);
  }
  std::size_t history() const { return static_cast<std::size_t>(order - 1); }
  void check() const {
    require_range("dpm_multistep.order", order, 1, 3);
    require_x0_or_eps("dpm_multistep.of", of);
    require_range("dpm_multistep.tau_squared", tau_squared, 0);
    require_range("dpm_multistep.s_noise", s_noise, 0);
    require(start == multistep_start::ramp || tau_squared == 0, "dpm_multistep.start",
            {"is singlestep with tau_squared ", tau_squared}, "ramp where tau_squared is above 0");
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    const std::size_t wanted = order_at(window.at);
    const lambda_nodes nodes = nodes_of(window, wanted);
    if (start == multistep_start::singlestep && nodes.size() < wanted && wanted > 2) return from_scratch(window);
    step_plan p = look_at(from, of);
    if (nodes.size() < 2) {
      const noisy_row first = exponential_first(from, to, of, tau_squared);
      p.of = first.reading.of;
      p.result = first.reading.formula;
      add_noise(p, window.at, s_noise * first.noise);
      return p;
    }
    const exponential_leg leg = leg_in_lambda(from, to, of, tau_squared);
    p.result = adams_row(leg, nodes, moments_at(leg.y, nodes.size()));
    add_noise(p, window.at, s_noise * leg.noise);
    return p;
  }

 private:
  step_plan from_scratch(const step_window& window) const {
    using single = dpm_singlestep::kind;
    return dpm_singlestep{
        .order = order - 1, .of = of, .correction = correction == kind::heun ? single::heun : single::midpoint}
        .plan(window);
  }

  std::size_t order_at(const step_position& at) const {
    const bool few = at.count < lower_order_below;
    const std::size_t left = at.count - at.index;
    if (!has_length(at.from, at.to) || (left == 1 && (few || euler_at_final))) return 1;
    return std::min<std::size_t>(static_cast<std::size_t>(order), few && left == 2 ? 2 : 3);
  }

  std::array<double, max_nodes> moments_at(double y, std::size_t order_here) const {
    std::array<double, max_nodes> m = moments(y);
    if (order_here == 2 && correction == kind::midpoint) m[1] = m[0] / 2;
    if (third_order != third::corrected) m[2] /= 2;
    if (third_order == third::shipped && of == quantity::x0 && tau_squared > 0) m[2] -= 1;
    return m;
  }
};

}  // namespace noisefall
