// SA-Solver: stochastic Adams methods, predictor and corrector, with a noise strength per interval.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/leg_label.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/range.hpp>
#include <noisefall/solver/row_algebra.hpp>

namespace noisefall {

// corrector: x_i'    = the leg that ended here again, from x_{i-1}', with m_i among the nodes and the same noise
// predictor: x_{i+1} = this leg from x_i', with m_i and the readings before it, and noise of strength tau
//
// (Xue et al. 2023, equations 14 and 17, algorithm 1.) Both are exponential Adams rows in lambda (exponential.hpp). tau
// counts on legs whose label lies in [tau_from, tau_to], elsewhere it is 0; the published setting is 200 to 800 for
// labels 0 to 999. few_step_weights: the published code's rule for two nodes in data prediction, I_1 becomes y / 2; the
// difference is of third order in the step.
//
// A step costs one evaluation (pec: predict, evaluate, correct) or two (pece: the corrected state is evaluated at the
// same level and that reading is the one remembered). corrector_order counts nodes, 0 switches it off. Orders ramp up
// from 1 (predictor) and 2 (corrector); lower_order_final limits them by the legs left, to 1 for the last one, which
// caps a run at order 2 as the steps shrink. Order of the ODE otherwise: corrector_order, at most predictor_order + 1;
// without corrector predictor_order, with the ramp 2 at most. As SDE its weak order is 2 at most. No corrector over a
// leg with an end without lambda; sigma_t = 0 is exactly D without noise; no noise on legs that rise. predictor_order 1
// to 4, corrector_order 0 to 4, tau and s_noise, the factor on all noise, >= 0.
struct sa_solver {
  static constexpr std::string_view name = "sa_solver";
  static constexpr std::string_view reference = papers::sa_solver;

  enum class mode : std::uint8_t { pec, pece };

  int predictor_order = 2, corrector_order = 2;
  quantity of = quantity::x0;
  mode evaluate = mode::pec;
  double tau = 1, s_noise = 1;
  double tau_from = -std::numeric_limits<double>::infinity(), tau_to = std::numeric_limits<double>::infinity();
  bool few_step_weights = true;
  bool lower_order_final = true;

  static std::array<solver_alias<sa_solver>, 1> aliases() { return {{{"sa_solver_pece", {.evaluate = mode::pece}}}}; }

  int order() const { return corrector_order > 0 ? std::min(corrector_order, predictor_order + 1) : predictor_order; }
  int weak_order() const {
    if (tau == 0) return order();
    return s_noise == 1 ? std::min(order(), 2) : 0;
  }
  std::size_t history() const {
    return static_cast<std::size_t>(std::max({predictor_order - 1, corrector_order - 1, std::min(corrector_order, 1)}));
  }
  void check() const {
    require_range("sa_solver.predictor_order", predictor_order, 1, 4);
    require_range("sa_solver.corrector_order", corrector_order, 0, 4);
    require_x0_or_eps("sa_solver.of", of);
    require_range("sa_solver.tau", tau, 0);
    require_range("sa_solver.s_noise", s_noise, 0);
    require(tau_from <= tau_to, "sa_solver.tau_to", "is below tau_from or not a number", "tau_from or more");
  }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    step_plan p = look_at(from, of);
    const lambda_nodes nodes = nodes_of(window, max_nodes);
    const std::size_t left = window.at.count - window.at.index;
    const double tau_squared = strength(window.ahead.front());

    double noise = 0;
    const std::size_t predict = has_length(from, to) ? std::min(limit(predictor_order, left), nodes.size()) : 1;
    if (predict > 1) {
      const exponential_leg leg = leg_in_lambda(from, to, of, tau_squared);
      p.result = adams_row(leg, {nodes.begin(), predict}, moments_for(leg.y, predict));
      noise = leg.noise;
    } else {
      const noisy_row first = exponential_first(from, to, of, tau_squared);
      p.of = first.reading.of;
      p.result = first.reading.formula;
      noise = first.noise;
    }
    if (corrector_order > 0) correct(p, window, nodes, limit(corrector_order, left + 2));
    add_noise(p, window.at, s_noise * noise);
    return p;
  }

 private:
  std::size_t limit(int most, std::size_t steps_left) const {
    const std::size_t n = static_cast<std::size_t>(most);
    return lower_order_final ? std::min(n, steps_left) : n;
  }

  double strength(const leg& l) const {
    const double label = label_or_time(l);
    return label >= tau_from && label <= tau_to ? tau * tau : 0;
  }

  std::array<double, max_nodes> moments_for(double y, std::size_t count) const {
    std::array<double, max_nodes> m = moments(y);
    if (count == 2 && few_step_weights && of == quantity::x0) m[1] = y / 2;
    return m;
  }

  // Puts the corrected state in the place of the predicted one.
  void correct(step_plan& p, const step_window& window, const lambda_nodes& nodes, std::size_t most) const {
    p.keep = same_state;
    const std::size_t count = std::min(most, nodes.size());
    if (!window.has_previous || nodes.size() < 2) return;
    const noise_level &from = window.past_level(0), &to = window.at.from;
    const exponential_leg leg = leg_in_lambda(from, to, of, strength(window.behind.back()));
    row corrected = adams_row(leg, {nodes.begin(), count}, moments_for(leg.y, count));
    corrected.previous = corrected.x;
    corrected.x = 0;
    if (leg.noise != 0) {
      corrected.noise[1] = s_noise * leg.noise;
      p.slots[1] = {from, to, static_cast<std::uint32_t>(window.at.index - 1), 0};
    }
    if (evaluate == mode::pece) {
      p.evaluations.push_back({.state = corrected, .at = to, .label = window.ahead.front().label});
      p.remember = 1;
      std::swap(p.result.now[0], p.result.now[1]);
    }
    p.result = substitute(p.result, corrected);
    p.keep = corrected;
  }
};

}  // namespace noisefall
