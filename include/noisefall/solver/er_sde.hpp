// ER-SDE: multistep solvers of reverse SDEs with any noise scale, the data a polynomial in sigma / alpha.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <noisefall/core/inline_vector.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/quadrature.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// x_t = (alpha_t / alpha_s) q x + alpha_t * integral over theta of the weight times D(theta) + s_noise alpha_t sqrt(rho_t^2 -
// rho_s^2 q^2) z,   q = phi(rho_t) / phi(rho_s),   theta = (rho - rho_s) / (rho_t - rho_s),   rho = sigma / alpha
//
// with D the polynomial in rho through this step's and the remembered readings; the weights of theta^k are
//   m_0 = 1 - q,   m_k = 1 - k * integral over theta of theta^(k-1) * phi(rho_t) / phi(rho)
// (Cui, Zhang, Bao, Liao 2023, equations 18 to 20, whose noise scale phi stands for the SDE's strength:)
//   ode      rho                       no noise
//   sde      rho^2                     the DDPM SDE
//   er_sde_5 rho (exp(rho^0.3) + 10)   the paper's choice
//   power_3_2, power_5_2   rho^1.5, rho^2.5: between the ODE and the DDPM SDE, and beyond
//   logarithmic            rho^0.9 log10(1 + 100 rho^1.5), where it asks for less noise than none: none
// The published code sums 100 or 200 points for the integral, and its third order lacks a part of the first derivative
// and is of order 2 (shipped_third); here Gauss and Legendre's rule is used in ln(rho), and order 3 is 3.
//
// Order `order` of the ODE, reached by a ramp, which caps the run at 2 as the steps shrink; weak order at most 2. One
// evaluation. Order 1 at sigma_t = 0 (exactly D). A reading at alpha = 0 is not used again. On a leg that rises the
// scale is that of the ODE. order 1 to 3, s_noise >= 0; one other than 1 does not converge to the data.
struct er_sde {
  static constexpr std::string_view name = "er_sde";
  static constexpr std::string_view reference = papers::er_sde;

  enum class noise_scale : std::uint8_t { ode, sde, er_sde_5, power_3_2, power_5_2, logarithmic };

  asked_order order = 3;
  noise_scale scale = noise_scale::er_sde_5;
  double s_noise = 1;
  bool shipped_third = false;

  int weak_order() const {
    if (scale == noise_scale::ode) return order();
    return s_noise == 1 ? std::min(order(), 2) : 0;
  }
  std::size_t history() const { return static_cast<std::size_t>(order - 1); }
  void check() const {
    require_range("er_sde.order", order, 1, 3);
    require_range("er_sde.s_noise", s_noise, 0);
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    step_plan p = look_at(from);
    if (!falls(from, to) || !has_length(from, to)) {
      const auto [of, formula] = first_row(from, to);
      p.of = of;
      p.result = formula;
      if (falls(from, to) && scale != noise_scale::ode) add_noise(p, window.at, s_noise * to.sigma);  // from alpha = 0
      return p;
    }
    const double s = from.rho(), t = to.rho(), log_q = log_scale(t) - log_scale(s), q = std::exp(log_q);
    inline_vector<double, max_nodes> nodes;
    nodes.push_back(0);
    for (std::size_t k = 0; k < window.stored && k + 1 < static_cast<std::size_t>(order); ++k) {
      const noise_level& at = window.past_level(k);
      const double theta = (at.rho() - s) / (t - s);
      if (at.alpha == 0 || std::find(nodes.begin(), nodes.end(), theta) != nodes.end()) break;
      nodes.push_back(theta);
    }
    const auto powers = weights_of_powers(s, t);
    auto weights = weights_on({nodes.begin(), nodes.size()}, powers);
    if (shipped_third && nodes.size() == 3) leave_out_bend(weights, nodes, nodes[1] * powers[1]);
    p.result.x = to.alpha / from.alpha * q;
    p.result.now[0] = to.alpha * weights[0];
    for (std::size_t k = 1; k < nodes.size(); ++k) p.result.past[k - 1] = to.alpha * weights[k];
    if (scale != noise_scale::ode)
      add_noise(p, window.at,
                s_noise * to.alpha * t * std::sqrt(-std::expm1(2 * std::min(0.0, log_q + std::log(s / t)))));
    return p;
  }

 private:
  // ln phi(rho), which does not overflow where phi does.
  double log_scale(double rho) const {
    const double own = std::log(rho);
    switch (scale) {
      case noise_scale::ode:
        break;
      case noise_scale::sde:
        return 2 * own;
      case noise_scale::er_sde_5: {
        const double power = std::pow(rho, 0.3);
        return own + power + std::log1p(10 * std::exp(-power));
      }
      case noise_scale::power_3_2:
        return 1.5 * own;
      case noise_scale::power_5_2:
        return 2.5 * own;
      case noise_scale::logarithmic:
        return 0.9 * own + std::log(std::log1p(100 * std::pow(rho, 1.5)));
    }
    return own;
  }

  // What the bend, the second divided difference of the readings, adds to the slope at s.
  static void leave_out_bend(std::array<double, max_nodes>& weights, const inline_vector<double, max_nodes>& nodes,
                             double amount) {
    for (std::size_t j = 0; j < 3; ++j) {
      double distances = 1;
      for (std::size_t k = 0; k < 3; ++k)
        if (k != j) distances *= nodes[j] - nodes[k];
      weights[j] += amount / distances;
    }
  }

  // The row of a leg without a second end in rho, or upwards.
  first_order_row first_row(const noise_level& from, const noise_level& to) const {
    if (from.alpha == 0 && scale != noise_scale::ode && falls(from, to))
      return {quantity::x0, data_row(from, to, 0)};  // q is 0
    return ode_row(from, to, quantity::x0);
  }

  // m_k above. The integral in ln(rho), where the integrand has no peak, over 4 panels.
  std::array<double, max_nodes> weights_of_powers(double s, double t) const {
    static constexpr std::array<double, 4> point{0.1834346424956498, 0.5255324099163290, 0.7966664774136267,
                                                 0.9602898564975363};
    static constexpr std::array<double, 4> weight{0.3626837833783620, 0.3137066458778873, 0.2223810344533745,
                                                  0.1012285362903763};
    constexpr int panels = 4;
    const double last = log_scale(t), length = std::log(t / s) / panels;
    std::array<double, max_nodes> m{1 - std::exp(last - log_scale(s))};
    for (std::size_t k = 1; k < max_nodes; ++k) m[k] = 1;
    for (int panel = 0; panel < panels; ++panel)
      for (std::size_t j = 0; j < point.size(); ++j)
        for (const double side : {-1.0, 1.0}) {
          const double rho = s * std::exp(length * (panel + (1 + side * point[j]) / 2)), theta = (rho - s) / (t - s);
          double part = weight[j] / 2 * length * rho / (t - s) * std::exp(last - log_scale(rho));
          for (std::size_t k = 1; k < max_nodes; ++k) {
            m[k] -= static_cast<double>(k) * part;
            part *= theta;
          }
        }
    return m;
  }
};

}  // namespace noisefall
