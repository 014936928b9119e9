// PNDM: linear multistep (and a Runge-Kutta start) on the noise, moved by the DDIM transfer.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/leg_label.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// x_t = T(x, s, t, e),  T = (alpha_t / alpha_s) * x + (sigma_t - sigma_s * alpha_t / alpha_s) * e      (DDIM)
// e = (55 e_0 - 59 e_1 + 37 e_2 - 9 e_3) / 24, or with fewer remembered (23, -16, 5) / 12, (3, -1) / 2, 1
//
// (Liu, Ren, Lin, Zhao 2022, equations 11 to 13.) Weights of a uniform grid, so the order is 2 on others. While fewer
// than `remembered` readings, 1 to 3, are remembered:
//   prk             pseudo Runge-Kutta: e_1 at s, e_2 and e_3 in the middle of the leg's time, e_4 at t, weighed
//                   (1, 2, 2, 1) / 6; 4 evaluations
//   improved_euler  first step only: e_1 at s, e_2 at t, their mean; 2 evaluations (diffusers' skip_prk_steps)
//   ramp            the shorter formulas
// Later steps cost one evaluation. The transfer is finite at sigma_t = 0, where the start takes no evaluation and a
// step uses the formula of what is remembered. A leg that starts at alpha = 0 is a DDIM step in x0, and its reading is
// not used again.
//
// stride > 0 (training steps / sampling steps, an integer) reproduces diffusers: in the start a transfer ends at the
// level of index `from - stride / 2` while the evaluation is labelled `next + stride / 2`, steps of the start end at
// the next leg's start, and the improved Euler step begins `stride` above it. Needs levels whose t is the index.
// average_raw: the network's outputs, not e, are averaged and remembered, and then converted at the leg's start;
// differs where the network predicts v.
struct pndm {
  static constexpr std::string_view name = "pndm";
  static constexpr std::string_view reference = papers::pndm;

  enum class start_kind : std::uint8_t { prk, improved_euler, ramp };

  start_kind start = start_kind::prk;
  bool average_raw = false;
  double stride = 0;
  std::size_t remembered = 3;

  // f_pndm and s_pndm are the paper's, ipndm is the form of Zhang and Chen 2023 (arXiv:2204.13902), plms that of latent
  // diffusion.
  static std::array<solver_alias<pndm>, 4> aliases() {
    return {{{"f_pndm", {.start = start_kind::prk}},
             {"ipndm", {.start = start_kind::ramp}},
             {"plms", {.start = start_kind::improved_euler}},
             {"s_pndm", {.start = start_kind::improved_euler, .remembered = 1}}}};
  }

  int order() const { return 2; }
  std::size_t history() const { return remembered; }
  void check() const {
    require_range("pndm.stride", stride, 0);
    require(remembered >= 1 && remembered <= 3, "pndm.remembered", {"is ", remembered}, "1 to 3");
    require(stride == std::floor(stride), "pndm.stride", {"is ", stride}, "an integer");
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    if (from.alpha == 0) {
      const auto [of, formula] = ode_row(from, to, quantity::x0);
      step_plan p = look_at(from, of);
      p.result = formula;
      return p;
    }
    std::size_t known = 0;
    while (known < std::min(window.stored, history()) && window.past_level(known).alpha > 0) ++known;

    step_plan p = look_at(from, average_raw ? quantity::output : quantity::eps);
    const bool evaluates_at_end = to.sigma > 0 || stride > 0;
    const bool followed = stride == 0 || window.ahead.size() > 1;
    if (start == start_kind::prk && known < remembered && evaluates_at_end && followed)
      runge_kutta(p, window);
    else if (start == start_kind::improved_euler && known == 0 && evaluates_at_end && followed)
      improved_euler(p, window);
    else
      multistep(p, window, known);
    return p;
  }

 private:
  // T from one level to another, with the mean of readings that `weights` says.
  row transfer(const step_window& window, const noise_level& from, const noise_level& to,
               std::array<double, max_evaluations> weights) const {
    row r = eps_row(from, to);
    const double e = r.now[0];
    affine reading{.x = 0, .out = 1};
    if (average_raw) reading = window.conversion(quantity::eps, from);
    r.x += e * reading.x;
    for (std::size_t k = 0; k < max_evaluations; ++k) r.now[k] = e * reading.out * weights[k];
    return r;
  }

  void runge_kutta(step_plan& p, const step_window& window) const {
    const noise_level& from = window.at.from;
    const double half = std::floor(stride / 2);
    const bool as_diffusers = stride > 0;
    const noise_level end = as_diffusers ? window.ahead[1].from : window.at.to;
    const noise_level middle = window.at_time(as_diffusers ? end.t + half : (from.t + end.t) / 2);
    const noise_level first = as_diffusers ? window.at_time(from.t - half) : middle;
    const double label = as_diffusers ? window.ahead[1].label + half : std::numeric_limits<double>::quiet_NaN();
    p.evaluations.push_back({.state = transfer(window, from, first, {1}), .at = middle, .label = label});
    p.evaluations.push_back({.state = transfer(window, from, middle, {0, 1}), .at = middle, .label = label});
    p.evaluations.push_back(
        {.state = transfer(window, from, end, {0, 0, 1}), .at = end, .label = label_of_end(window)});
    p.result = transfer(window, from, end, {1. / 6, 2. / 6, 2. / 6, 1. / 6});
  }

  void improved_euler(step_plan& p, const step_window& window) const {
    const bool as_diffusers = stride > 0;
    const noise_level& from = window.at.from;
    const noise_level end = as_diffusers ? window.ahead[1].from : window.at.to;
    const noise_level again = as_diffusers ? window.at_time(end.t + stride) : from;
    p.evaluations.push_back(
        {.state = transfer(window, from, window.at.to, {1}), .at = end, .label = label_of_end(window)});
    p.result = transfer(window, again, end, {0.5, 0.5});
  }

  double label_of_end(const step_window& window) const {
    return stride > 0 ? window.ahead[1].label : label_at_end(window);
  }

  void multistep(step_plan& p, const step_window& window, std::size_t known) const {
    static constexpr double weights[4][4] = {
        {1}, {3. / 2, -1. / 2}, {23. / 12, -16. / 12, 5. / 12}, {55. / 24, -59. / 24, 37. / 24, -9. / 24}};
    p.result = transfer(window, window.at.from, window.at.to, {1});
    const double e = p.result.now[0];
    p.result.now[0] = e * weights[known][0];
    for (std::size_t k = 0; k < known; ++k) p.result.past[k] = e * weights[known][k + 1];
  }
};

}  // namespace noisefall
