// Euler's method in sigma / alpha, with churn.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <string_view>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/churn.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/row_algebra.hpp>

namespace noisefall {

// x_hat = x raised by churn (churn.hpp)
// x_t = (sigma_t / sigma_hat) * x_hat + (alpha_t - alpha_hat * sigma_t / sigma_hat) * D
//
// (Karras, Aittala, Aila, Laine 2022, algorithm 2 without its second half.) Without churn it is ddim{}, and Euler's
// method on the velocity of a flow. Order 1, weak order 1 with churn, one evaluation; exactly D at sigma_t = 0. A leg
// that rises is done in eps, without churn.
//
// churn_after reproduces diffusers' EDMEuler: the network looks at x and its level, and only its output is converted at
// the raised level, with the raised state; its churn does not ask where a leg goes. With two readings (CFG++) the first
// is D and the second what sigma_t multiplies. s_churn and s_noise >= 0, 0 <= s_tmin <= s_tmax in units of sigma /
// alpha.
struct euler {
  static constexpr std::string_view name = "euler";
  static constexpr std::string_view reference = papers::edm;
  static constexpr bool two_readings = true;

  double s_churn = 0, s_tmin = 0, s_tmax = std::numeric_limits<double>::infinity(), s_noise = 1;
  bool churn_after = false;

  static std::array<solver_alias<euler>, 1> aliases() { return {{{"flow_euler", {}}}}; }

  int order() const { return 1; }
  int weak_order() const { return s_churn == 0 || s_noise == 1 ? 1 : 0; }
  std::size_t history() const { return 0; }
  void check() const { churn{s_churn, s_tmin, s_tmax, s_noise}.check("euler"); }

  step_plan plan(const step_window& window) const {
    const noise_level& to = window.at.to;
    const raised_start start = raise(window, {s_churn, s_tmin, s_tmax, s_noise}, churn_after);
    const bool by_eps = rises(start.at, to) && !window.two_readings;
    const auto [of, formula] = ode_row(start.at, to, by_eps ? quantity::eps : quantity::x0);
    step_plan p = look_at(start.at, of);
    start_at(p, start, window);
    p.result = formula;
    if (window.two_readings) {
      p.of = quantity::x0;
      p.result = {};
      p.result.now[0] = to.alpha;
      p.result.now_renoise[0] = to.sigma;
    }
    if (start.raised && churn_after) read_before(p, window, start.at);
    p.result = substitute(p.result, start.state);
    return p;
  }

 private:
  // The readings as the network's outputs at the state that is not raised, converted as if they belonged to the raised
  // one.
  static void read_before(step_plan& p, const step_window& window, const noise_level& raised) {
    const affine first = window.conversion(p.of, raised), eps = window.conversion(quantity::eps, raised);
    p.evaluations[0].state = same_state;
    p.evaluations[0].at = window.at.from;
    p.of = p.renoise_of = quantity::output;
    row& r = p.result;
    r.x += r.now[0] * first.x + r.now_renoise[0] * eps.x;
    r.now[0] *= first.out;
    r.now_renoise[0] *= eps.out;
  }
};

}  // namespace noisefall
