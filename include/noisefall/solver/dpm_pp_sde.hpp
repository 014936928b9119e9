// DPM-Solver++ SDE of k-diffusion: a midpoint method whose two stages share their noise.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>
#include <noisefall/solver/row_algebra.hpp>

namespace noisefall {

// u   = the ancestral step of strength eta from s to s_1, lambda_s + r h, with D_0 and the noise of [s, s_1]
// x_t = the ancestral step of strength eta from s to t, with (1 - f) D_0 + f D_1 and the noise of [s, t], f = 1 / (2 r)
//
// (k-diffusion's sample_dpmpp_sde, K. Crowson 2022; eta = 0, r = 1/2 is DPM-Solver++(2S) of Lu et al. 2022,
// arXiv:2211.01095.) The noise of [s, t] is that of [s, s_1] and that of [s_1, t] as increments of a Brownian motion in
// rho = sigma / alpha, so the two draws are correlated: sqrt(rho_s - rho_s1) z_0 + sqrt(rho_s1 - rho_t) z_1,
// normalised. Two evaluations, order 2 for the ODE, weak order 2. One evaluation and the ancestral step where a leg has
// an end without lambda: exactly D at sigma_t = 0. No noise on a leg that rises. eta >= 0, 0 < r < 1, s_noise >= 0; an
// s_noise other than 1 does not converge to the data.
struct dpm_pp_sde {
  static constexpr std::string_view name = "dpm_pp_sde";
  static constexpr std::string_view reference = papers::k_diffusion;

  double eta = 1, r = 0.5, s_noise = 1;

  static std::array<solver_alias<dpm_pp_sde>, 1> aliases() { return {{{"dpmpp_sde", {}}}}; }

  int order() const { return 2; }
  int weak_order() const { return eta == 0 || s_noise == 1 ? 2 : 0; }
  std::size_t history() const { return 0; }
  void check() const {
    require_range("dpm_pp_sde.eta", eta, 0);
    require(r > 0 && r < 1, "dpm_pp_sde.r", {"is ", r}, "above 0 and below 1");
    require_range("dpm_pp_sde.s_noise", s_noise, 0);
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    step_plan p = look_at(from);
    const double fresh = ancestral_noise(from, to, eta);
    const auto [of, whole] =
        from.sigma > 0 ? first_order_row{quantity::x0, data_row(from, to, carried_over(to, fresh) / from.sigma)}
                       : ode_row(from, to, quantity::eps);
    p.of = of;
    p.result = whole;
    if (!has_length(from, to)) {
      add_noise(p, window.at, s_noise * fresh);
      return p;
    }
    const double lambda = from.lambda();
    const noise_level middle = window.at_lambda(lambda + r * (to.lambda() - lambda));
    const double fresh_middle = ancestral_noise(from, middle, eta);
    row u = data_row(from, middle, carried_over(middle, fresh_middle) / from.sigma);
    u.noise[0] = s_noise * fresh_middle;
    p.evaluations.push_back({.state = u, .at = middle});

    const double f = 1 / (2 * r), b = whole.now[0];
    p.result.now = {(1 - f) * b, f * b};
    if (fresh == 0) return p;
    const auto step = static_cast<std::uint32_t>(window.at.index);
    p.slots[0] = {from, middle, step, 0};
    p.slots[1] = {middle, to, step, 1};
    const double first = (from.rho() - middle.rho()) / (from.rho() - to.rho());
    p.result.noise = {s_noise * fresh * std::sqrt(first), s_noise * fresh * std::sqrt(1 - first)};
    return p;
  }
};

}  // namespace noisefall
