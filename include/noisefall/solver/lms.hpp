// LMS: the linear multistep method on the noise, exactly integrated in sigma / alpha.
#pragma once

#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/adams.hpp>
#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// x_t / alpha_t = x / alpha_s + sum_j c_j * eps_j,   c_j = integral from rho_s to rho_t of l_j(rho),   rho = sigma /
// alpha
//
// with l_j Lagrange's polynomials through this step's and the remembered rho: Adams-Bashforth with variable steps
// (k-diffusion's and diffusers' LMS, K. Crowson 2022, which integrate numerically). It is also DEIS rho-AB (Zhang and
// Chen 2022, arXiv:2204.13902, equation 15 in rho) and what iPNDM_v means to be, whose published weights of orders 3
// and 4 have slips.
//
// Order `order`, reached by a ramp 1, 2, ..., which caps the run below it as the steps shrink. One evaluation. Order 1
// at sigma_t = 0 (exactly D), unless full_order_at_zero, as k-diffusion and diffusers have it: the polynomial is finite
// there. A leg that starts at alpha = 0 is a DDIM step in x0, and its reading is not used again. order 1 to 4; legs may
// rise.
struct lms {
  static constexpr std::string_view name = "lms";
  static constexpr std::string_view reference = papers::deis;

  asked_order order = 4;
  bool full_order_at_zero = false;

  std::size_t history() const { return static_cast<std::size_t>(order - 1); }
  void check() const { require_range("lms.order", order, 1, 4); }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    if (from.alpha == 0) {
      const auto [of, formula] = ode_row(from, to, quantity::x0);
      step_plan p = look_at(from, of);
      p.result = formula;
      return p;
    }
    step_plan p = look_at(from, quantity::eps);
    const bool full = to.sigma > 0 || full_order_at_zero;
    p.result = adams::row_of(window, adams_coordinate::rho, full ? static_cast<std::size_t>(order) : 1);
    return p;
  }
};

}  // namespace noisefall
