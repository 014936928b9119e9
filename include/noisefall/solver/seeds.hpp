// SEEDS: singlestep exponential solvers of the reverse SDE whose stages share their noise.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/asked_order.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/leg_label.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// With levels at lambda_s + r h inside (order 2: r; order 3: 1/3 and 2/3) and a, scale, I_k, noise of exponential_leg:
//   u_1 = a_1 x + scale_1 I_0 m_0 + n_1
//   u_2 = a_2 x + scale_2 (I_0 m_0 + (r_2 / r_1) I_1 (m_1 - m_0)) + n_2
//   x_t = a x + scale (I_0 m_0 + slope / r (m_last - m_0)) + n,    slope I_1 (exact) or, in order 2, I_0 / 2 (midpoint)
// n_j is s_noise times the SDE's own noise from s to that level: what was drawn up to the level before, carried on, and a fresh draw
// for the rest, so that all stages belong to one path.
//
// (Gonzalez, Fernandez, Tran, Gherbi, Hajri, Masmoudi 2023, algorithms 1 to 3, in data prediction; tau_squared = 1 is
// the DDPM SDE, k-diffusion's and ComfyUI's eta.) At tau_squared = 0 order 2 is DPM-Solver++(2S), order 3 its third
// order. `order` evaluations and draws; order `order` of the ODE, weak order 1, 2, 2. Order 1 over a leg with an end
// without lambda: exactly D at sigma_t = 0. No noise on a leg that rises. order 1 to 3, 0 < r <= 1 (at 1 the end is
// looked at: Heun's method), tau_squared and s_noise >= 0; an s_noise other than 1 does not converge to the data.
struct seeds {
  static constexpr std::string_view name = "seeds";
  static constexpr std::string_view reference = papers::seeds;

  enum class slope : std::uint8_t { exact, midpoint };

  asked_order order = 2;
  double r = 0.5, tau_squared = 1, s_noise = 1;
  slope correction = slope::exact;

  // ComfyUI's names; its seeds_2 and seeds_3 draw as these do.
  static std::array<solver_alias<seeds>, 3> aliases() {
    return {{{"exp_heun_2_x0_sde", {.r = 1}}, {"seeds_2", {.correction = slope::midpoint}}, {"seeds_3", {.order = 3}}}};
  }

  int weak_order() const {
    if (tau_squared == 0) return order();
    return s_noise == 1 ? std::min(order(), 2) : 0;
  }
  std::size_t history() const { return 0; }
  void check() const {
    require_range("seeds.order", order, 1, 3);
    require(r > 0 && r <= 1, "seeds.r", {"is ", r}, "above 0, at most 1");
    require_range("seeds.tau_squared", tau_squared, 0);
    require_range("seeds.s_noise", s_noise, 0);
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    step_plan p = look_at(from);
    const std::size_t k = has_length(from, to) ? static_cast<std::size_t>(order) : 1;
    if (k == 1) {
      const noisy_row first = exponential_first(from, to, quantity::x0, tau_squared);
      p.of = first.reading.of;
      p.result = first.reading.formula;
      add_noise(p, window.at, s_noise * first.noise);
      return p;
    }
    const double lambda = from.lambda(), h = to.lambda() - lambda;
    std::array<noise_level, 3> levels{from};
    for (std::size_t j = 1; j < k; ++j) {
      const double part = k == 2 ? r : static_cast<double>(j) / 3;
      levels[j] = part == 1 ? to : window.at_lambda(lambda + part * h);
      const double label = part == 1 ? label_at_end(window) : std::numeric_limits<double>::quiet_NaN();
      p.evaluations.push_back({.state = row_to(levels[j], levels, j, false), .at = levels[j], .label = label});
      name_noise(p, window, j - 1, levels[j - 1], levels[j]);
    }
    name_noise(p, window, k - 1, levels[k - 1], to);
    p.result = row_to(to, levels, k, k == 2 && correction == slope::midpoint);
    return p;
  }

 private:
  // The row to a level from readings at the first `used` levels: the first and the last of them count.
  row row_to(const noise_level& end, const std::array<noise_level, 3>& levels, std::size_t used, bool halved) const {
    const exponential_leg leg = leg_in_lambda(levels[0], end, quantity::x0, tau_squared);
    auto m = moments(leg.y);
    if (halved) m[1] = m[0] / 2;
    row row_here{.x = leg.a};
    const std::array ends{leg.lambda, levels[used - 1].lambda()};
    const auto weights = adams_weights(leg, std::span{ends}.first(std::min<std::size_t>(used, 2)), m);
    row_here.now[0] = weights[0];
    if (used > 1) row_here.now[used - 1] = weights[1];
    double carried = 1;
    for (std::size_t j = used; j-- > 0;) {
      const noise_level& until = j + 1 == used ? end : levels[j + 1];
      if (until == levels[j]) continue;
      const exponential_leg part = leg_in_lambda(levels[j], until, quantity::x0, tau_squared);
      row_here.noise[j] = carried * s_noise * part.noise;
      carried *= part.a;
    }
    return row_here;
  }

  void name_noise(step_plan& p, const step_window& window, std::size_t slot, const noise_level& from,
                  const noise_level& to) const {
    p.slots[slot] = {from, to, static_cast<std::uint32_t>(window.at.index), static_cast<std::uint32_t>(slot)};
  }
};

}  // namespace noisefall
