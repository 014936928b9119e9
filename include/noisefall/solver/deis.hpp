// DEIS: the noise a polynomial in time, in sigma / alpha or in its logarithm, integrated exactly.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/adams.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/dpm_multistep.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/lms.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// x_t / alpha_t = x / alpha_s + sum_j c_j * eps_j,   c_j = integral over the leg of l_j d rho,   rho = sigma / alpha
//
// with l_j Lagrange's polynomials through the readings of the last steps (Zhang and Chen 2022, equation 15), in
//   time     t of the schedule: t-AB of the paper. Over a table the integral is that of its interpolation.
//   rho      rho-AB; is lms{}
//   log_rho  ln(rho), diffusers' "logrho"; is dpm_multistep{.of = quantity::eps} with exact weights
//   index    the number of the step, whatever the grid: iPNDM (Zhang and Chen 2022, appendix), whose order is 2 at most on
//            grids that are not uniform in rho
//
// Order `order`, reached by a ramp, which caps the run below it as the steps shrink. One evaluation; order 1 at
// sigma_t = 0 (exactly D). A leg that starts at alpha = 0 is a DDIM step in x0, and its reading is not used again. With
// fewer than lower_order_below steps the last step has order 1 and the one before at most 2 (diffusers: 15). order 1 to
// 4, to 3 in log_rho; legs may rise.
struct deis {
  static constexpr std::string_view name = "deis";
  static constexpr std::string_view reference = papers::deis;

  enum class coordinate : std::uint8_t { time, rho, log_rho, index };

  asked_order order = 3;
  coordinate in = coordinate::time;
  std::size_t lower_order_below = 0;

  // The number is that of the readings that are weighed. ipndm, of order 4 and to the end, is pndm's.
  static std::array<solver_alias<deis>, 4> aliases() {
    return {{{"deis_t_ab_2", {.order = 2}},
             {"deis_t_ab_3", {.order = 3}},
             {"ipndm_2", {.order = 2, .in = coordinate::index}},
             {"ipndm_3", {.order = 3, .in = coordinate::index}}}};
  }

  std::size_t history() const { return static_cast<std::size_t>(order - 1); }
  void check() const { require_range("deis.order", order, 1, in == coordinate::log_rho ? 3 : 4); }

  step_plan plan(const step_window& window) const {
    if (in == coordinate::log_rho)
      return dpm_multistep{.order = order,
                           .of = quantity::eps,
                           .correction = dpm_multistep::kind::heun,
                           .lower_order_below = lower_order_below}
          .plan(window);
    const noise_level &from = window.at.from, &to = window.at.to;
    const bool by_eps = from.alpha > 0;
    const auto [of, formula] = ode_row(from, to, by_eps ? quantity::eps : quantity::x0);
    step_plan p = look_at(from, of);
    p.result = by_eps ? adams::row_of(window, coordinate_of(in), order_at(window.at)) : formula;
    return p;
  }

 private:
  static adams_coordinate coordinate_of(coordinate in) {
    if (in == coordinate::time) return adams_coordinate::time;
    return in == coordinate::index ? adams_coordinate::index : adams_coordinate::rho;
  }

  std::size_t order_at(const step_position& at) const {
    const std::size_t most = static_cast<std::size_t>(order), left = at.count - at.index;
    if (at.to.sigma == 0) return 1;
    return at.count < lower_order_below && left < 3 ? std::min(most, left) : most;
  }
};

}  // namespace noisefall
