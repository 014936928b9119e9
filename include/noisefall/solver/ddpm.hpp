// Ancestral sampling from the DDPM posterior, with fixed or learned variance.
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

// x_t = alpha_t * (1 - q^2) * D + (sigma_t / sigma_s) * q * x + temperature * s * z,   q = rho_t / rho_s
//
// with rho = sigma / alpha (Ho, Jain, Abbeel 2020, equations 6 and 7, for any marginal and any pair of levels, which is
// respacing as in Nichol and Dhariwal 2021). The variance s^2:
//   fixed_small    sigma_t^2 * (1 - q^2), at least variance_floor: that of the posterior given x0; it is
//                  ddim{.eta = 1}. The floor is the clamp of the published codes, 1e-20 in diffusers.
//   fixed_large    sigma_s^2 * (1 - q^2): "beta", that of the forward step; does not keep the variance
//   annealed       small^(1 - f) * large^f, Nichol and Dhariwal's equation 15 with an f that nobody learned: it goes
//                  from large_first in the first step to large_last in the last, in equal parts; equal ones fix it
//   learned        the network's second half of channels is the variance itself
//   learned_range  that half is f, from -1 (small) to 1 (large)
// Order 1, weak order 1 at temperature 1, one evaluation. temperature and variance_floor >= 0, large_first and
// large_last 0 to 1.
//
// At sigma_t = 0 the mean is D; at alpha_s = 0 it is alpha_t * D. last_noise::never adds no noise on a leg that ends
// there or is the last; unless_label_zero is diffusers' rule: noise whenever the label is above 0. No noise on a leg
// that rises, which is DDIM inversion. With two readings (CFG++) D comes from the first and what is left of x from the
// second.
struct ddpm {
  static constexpr std::string_view name = "ddpm";
  static constexpr std::string_view reference = papers::ddpm;
  static constexpr bool two_readings = true;

  enum class variance_kind : std::uint8_t { fixed_small, fixed_large, annealed, learned, learned_range };
  enum class last_noise : std::uint8_t { never, unless_label_zero };

  variance_kind variance = variance_kind::fixed_small;
  double temperature = 1;
  double variance_floor = 0;
  double large_first = 1, large_last = 0;
  last_noise at_end = last_noise::never;

  static std::array<solver_alias<ddpm>, 1> aliases() {
    return {{{"improved_ddpm", {.variance = variance_kind::learned_range}}}};
  }

  int order() const { return 1; }
  int weak_order() const { return temperature == 1 ? 1 : 0; }
  std::size_t history() const { return 0; }
  void check() const {
    require_range("ddpm.temperature", temperature, 0);
    require_range("ddpm.variance_floor", variance_floor, 0);
    require_range("ddpm.large_first", large_first, 0, 1);
    require_range("ddpm.large_last", large_last, 0, 1);
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    step_plan p = look_at(from);
    if (falls(from, to)) {
      const double q = noise_kept(from, to);
      p.result = data_row(from, to, to.sigma / from.sigma * q);
      if (is_noisy(window)) put_noise(p, window.at, (1 - q) * (1 + q));
    } else {
      const auto [of, formula] = ode_row(from, to, window.two_readings ? quantity::x0 : quantity::eps);
      p.of = of;
      p.result = formula;
    }
    if (window.two_readings) p.result = split_readings(p.result, from);
    return p;
  }

 private:
  bool is_noisy(const step_window& window) const {
    if (at_end == last_noise::unless_label_zero) return label_or_time(window.ahead.front()) > 0;
    return window.at.to.sigma > 0 && window.at.index + 1 < window.at.count;
  }

  double share_of_large(const step_position& at) const {
    if (at.count == 1) return large_first;
    const double done = static_cast<double>(at.index) / static_cast<double>(at.count - 1);
    return large_first + (large_last - large_first) * done;
  }

  void put_noise(step_plan& p, const step_position& at, double lost) const {
    const double small = std::max(at.to.sigma * at.to.sigma * lost, variance_floor);
    const double large = at.from.sigma * at.from.sigma * lost;
    switch (variance) {
      case variance_kind::fixed_small:
        return add_noise(p, at, temperature * std::sqrt(small));
      case variance_kind::fixed_large:
        return add_noise(p, at, temperature * std::sqrt(large));
      case variance_kind::annealed: {
        const double f = share_of_large(at);
        return add_noise(p, at, temperature * std::sqrt(std::pow(small, 1 - f) * std::pow(large, f)));
      }
      case variance_kind::learned:
        p.variance = learned_variance{.how = learned_variance::kind::direct};
        break;
      case variance_kind::learned_range:
        if (small == 0) return;
        p.variance = learned_variance{
            .how = learned_variance::kind::range, .log_low = std::log(small), .log_high = std::log(large)};
        break;
    }
    add_noise(p, at, temperature);
  }
};

}  // namespace noisefall
