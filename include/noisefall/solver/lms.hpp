// LMS: the linear multistep method on the noise, exactly integrated in sigma / alpha.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/adams.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>
#include <noisefall/solver/shipped_ipndm_v.hpp>

namespace noisefall {

// x_t / alpha_t = x / alpha_s + sum_j c_j * eps_j,   c_j = integral from rho_s to rho_t of l_j(rho),   rho = sigma /
// alpha
//
// with l_j Lagrange's polynomials through this step's and the remembered rho: Adams-Bashforth with variable steps
// (k-diffusion's and diffusers' LMS, K. Crowson 2022, which integrate numerically). It is also DEIS rho-AB (Zhang and
// Chen 2022, arXiv:2204.13902, equation 15 in rho) and iPNDM_v (Zhou et al. 2024), whose published weights of orders 3
// and 4 have slips: shipped_ipndm_v has those (shipped_ipndm_v.hpp), and with them order 1 on grids that are not nearly
// uniform in rho.
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
  bool shipped_ipndm_v = false;

  // ipndm_v_shipped is the published code of ipndm_v, the numbers are the most readings that they weigh.
  static std::array<solver_alias<lms>, 6> aliases() {
    return {{{"deis_rho_ab_2", {.order = 2}},
             {"deis_rho_ab_3", {.order = 3}},
             {"ipndm_v", {}},
             {"ipndm_v_3", {.order = 3}},
             {"ipndm_v_shipped", {.shipped_ipndm_v = true}},
             {"ipndm_v_shipped_3", {.order = 3, .shipped_ipndm_v = true}}}};
  }

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
    const std::size_t most = to.sigma > 0 || full_order_at_zero ? static_cast<std::size_t>(order) : 1;
    p.result = adams::row_of(window, adams_coordinate::rho, most);
    if (shipped_ipndm_v && most > 2 && has_length(from, to)) put_shipped_weights(p.result, window, most);
    return p;
  }

 private:
  static void put_shipped_weights(row& r, const step_window& window, std::size_t most) {
    const std::size_t readings = adams::nodes_of(window, adams_coordinate::rho, most, false).size();
    const double h = window.at.to.rho() - window.at.from.rho();
    std::array<double, 3> before{};
    double end = window.at.from.rho();
    for (std::size_t k = 0; k + 1 < readings; ++k) {
      const double start = window.past_level(k).rho();
      before[k] = end - start;
      end = start;
    }
    const auto w = shipped_ipndm_v_weights(h, before, readings);
    r.now[0] = window.at.to.alpha * h * w[0];
    for (std::size_t k = 1; k < readings; ++k) r.past[k - 1] = window.at.to.alpha * h * w[k];
  }
};

}  // namespace noisefall
