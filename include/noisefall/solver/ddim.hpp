// DDIM: the first-order step, deterministic or ancestral, downwards or (inversion) upwards.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// x_t = alpha_t * D + sqrt(sigma_t^2 - s^2) * eps + s * z
//   s = eta * sigma_t * sqrt(1 - (rho_t / rho_s)^2),  rho = sigma / alpha
//
// (Song, Meng, Ermon 2021, equations 12 and 16; for alpha^2 + sigma^2 = 1 this s is theirs.) eta = 0 is also
// DPM-Solver-1, DPM-Solver++(1), Euler in sigma and Euler on a flow's velocity; eta = 1 has DDPM's posterior; in
// between it is the Euler ancestral step of the same eta. Order 1, weak order 1, one evaluation. eta >= 0; above 1 the
// noise stops at sigma_t. Not a rule for the next level: diffusers' `t - N / n` belongs to the trajectory.
//
// A leg that falls is done in x0 and ends exactly at D at sigma = 0, without noise. A leg that rises is done in eps,
// without noise, and may start at sigma = 0. With two readings (CFG++) the first one is D and the second one eps.
struct ddim {
  static constexpr std::string_view name = "ddim";
  static constexpr std::string_view reference = papers::ddim;
  static constexpr bool two_readings = true;

  double eta = 0;

  static std::array<solver_alias<ddim>, 3> aliases() {
    return {{{"dpm_pp_1", {}}, {"dpm_solver_1", {}}, {"euler_ancestral", {.eta = 1}}}};
  }

  int order() const { return 1; }
  std::size_t history() const { return 0; }
  void check() const { require_range("ddim.eta", eta, 0); }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    step_plan p = look_at(from);
    const double fresh = ancestral_noise(from, to, eta), kept = rest(from, to, fresh);
    if (window.two_readings) {
      p.result.now[0] = to.alpha;
      p.result.now_renoise[0] = kept;
    } else if (falls(from, to)) {
      p.result = data_row(from, to, kept / from.sigma);
    } else {
      const auto [of, formula] = ode_row(from, to, quantity::eps);
      p.of = of;
      p.result = formula;
    }
    add_noise(p, window.at, fresh);
    return p;
  }

 private:
  // sqrt(sigma_t^2 - s^2), exact also where it is a small part of sigma_t.
  double rest(const noise_level& from, const noise_level& to, double fresh) const {
    if (eta > 1 || !falls(from, to)) return carried_over(to, fresh);
    const double q = noise_kept(from, to);
    return to.sigma * std::sqrt((1 - eta) * (1 + eta) + eta * eta * q * q);
  }
};

}  // namespace noisefall
