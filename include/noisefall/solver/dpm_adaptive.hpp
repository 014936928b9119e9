// DPM-Solver-12 and -23 with adaptive step size: the step follows from the data.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/solver/alias.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/own_step.hpp>
#include <noisefall/solver/range.hpp>

namespace noisefall {

// Two solutions of neighbouring order over the same readings, low (order - 1) and high (order); the error of a sample
// is
//   E = rms( (high - low) / max(atol, rtol * max(|low|, |low before|)) )
// pid     f = (1/E)^((p+i+d)/k) (1/E')^(-(p+2d)/k) (1/E'')^(d/k), h <- h * (1 + atan(f - 1)), accepted if that is at
//         least accept_safety; k = order, or 1.5 with noise (Soederlind 2003, as k-diffusion has it)
// power   accepted if E <= 1, h <- theta * h * E^(-1/order) (Lu et al. 2022, arXiv:2206.00927, appendix C)
//
// Walks from the trajectory's first level to its last in lambda, with `order` evaluations a trial, rejected ones
// included; levels between are not used. Both ends must have a finite lambda, and the first must be the noisier. Each
// sample has its own error and step size, so it does not depend on its batch; couples_batch takes one error for all
// instead, as k-diffusion (root mean square) and the official code (maximum) do. eta > 0: ancestral noise after each
// accepted step.
struct dpm_adaptive {
  static constexpr std::string_view name = "dpm_adaptive";
  static constexpr std::string_view reference = papers::dpm_solver;

  enum class control : std::uint8_t { pid, power };

  asked_order order = 3;  // 2: DPM-Solver-12, 3: DPM-Solver-23
  quantity of = quantity::x0;
  dpm_singlestep::kind correction = dpm_singlestep::kind::midpoint;
  control controller = control::pid;
  double atol = 0.0078, rtol = 0.05, h_init = 0.05;
  double pcoeff = 0, icoeff = 1, dcoeff = 0, accept_safety = 0.81;  // pid
  double theta = 0.9;                                               // power
  double eta = 0, s_noise = 1;
  bool couples_batch = false;
  std::size_t max_trials = 10000;  // a run that needs more, or whose steps vanish, ends as diverged

  static std::array<solver_alias<dpm_adaptive>, 2> aliases() {
    return {{{"dpm_solver_12", {.order = 2, .of = quantity::eps, .controller = control::power}},
             {"dpm_solver_23", {.order = 3, .of = quantity::eps, .controller = control::power}}}};
  }

  void check() const {
    require_range("dpm_adaptive.order", order, 2, 3);
    require_x0_or_eps("dpm_adaptive.of", of);
    require_range("dpm_adaptive.atol", atol, std::numeric_limits<double>::min());
    require_range("dpm_adaptive.rtol", rtol, 0);
    require_range("dpm_adaptive.h_init", h_init, std::numeric_limits<double>::min());
    require_range("dpm_adaptive.accept_safety", accept_safety, 0, 1);
    require_range("dpm_adaptive.theta", theta, std::numeric_limits<double>::min(), 1);
    require_range("dpm_adaptive.eta", eta, 0);
    require_range("dpm_adaptive.s_noise", s_noise, 0);
  }

  void check_ends(const noise_level& first, const noise_level& last) const {
    const double from = first.lambda(), to = last.lambda();
    require(std::isfinite(from) && std::isfinite(to) && from < to, name, {"from lambda ", from, " to ", to},
            "a trajectory between two finite lambdas (0 < sigma, 0 < alpha), the first one noisier");
  }

  // Of one run. Where a sample stands, what it tries, and the coefficients of the pass at hand.
  struct state {
    enum class phase : std::uint8_t { begin, propose, second, third, judge } next = phase::begin;
    std::vector<noise_level> at, target, down;  // down: the target without the noise that is then added
    std::vector<double> lambda, h, inverse_error, older_inverse_error, error;
    std::vector<std::uint8_t> active, accepted, lost;  // lost: its error is no number, or its steps vanish
    std::vector<std::uint32_t> steps;
    std::array<std::vector<double>, 4> weights;
    std::size_t trials = 0;
  };

  std::size_t tensors() const { return eta > 0 ? 4 : 3; }
  std::size_t readings() const { return static_cast<std::size_t>(order); }
  quantity reads() const { return of; }

  void begin(state& s, std::size_t samples) const {
    for (auto* levels : {&s.at, &s.target, &s.down}) levels->resize(samples);
    for (auto* numbers : {&s.lambda, &s.inverse_error, &s.older_inverse_error}) numbers->resize(samples);
    for (auto& w : s.weights) w.resize(samples);
    s.error.assign(samples, 0);
    s.h.assign(samples, h_init);
    s.active.assign(samples, 1);
    s.accepted.assign(samples, 0);
    s.lost.assign(samples, 0);
    s.steps.assign(samples, 0);
    s.next = state::phase::begin;
    s.trials = 0;
  }

  void parameters(archive& to) const {
    for (double v : {static_cast<double>(order()), static_cast<double>(of), static_cast<double>(correction),
                     static_cast<double>(controller), atol, rtol, h_init, pcoeff, icoeff, dcoeff, accept_safety, theta,
                     eta, s_noise, couples_batch ? 1.0 : 0.0, static_cast<double>(max_trials)})
      to(v);
  }

  // For checkpoints, between two trials.
  void transfer(archive& to, state& s) const {
    to(s.next);
    to(s.trials);
    for (auto* levels : {&s.at, &s.target, &s.down}) to(*levels);
    for (auto* numbers : {&s.lambda, &s.h, &s.inverse_error, &s.older_inverse_error, &s.error}) to(*numbers);
    to(s.lost);
    to(s.active);
    to(s.steps);
  }

  // Between two trials the next one is proposed already, if there is one.
  bool is_sound(const state& s) const {
    const bool has_counts = std::all_of(s.steps.begin(), s.steps.end(), [&](auto n) { return n <= s.trials; });
    return s.next <= state::phase::second && s.trials <= max_trials && has_counts;
  }

  own_action advance(state& s, bench& on) const {
    using phase = state::phase;
    switch (s.next) {
      case phase::begin:
        start(s, on);
        [[fallthrough]];
      case phase::propose:
        if (!propose(s, on)) {
          for (const std::uint8_t lost : s.lost)
            if (lost != 0) return {own_action::kind::diverged};
          return {own_action::kind::finished};
        }
        s.next = phase::second;
        return {own_action::kind::evaluate, 0, 0};
      case phase::second:
        make_stage(s, on, 1);
        s.next = order == 2 ? phase::judge : phase::third;
        return {own_action::kind::evaluate, low, 1};
      case phase::third:
        make_stage(s, on, 2);
        s.next = phase::judge;
        return {own_action::kind::evaluate, low, 2};
      case phase::judge:
        break;
    }
    judge(s, on);
    s.next = phase::propose;
    return {own_action::kind::step_done};
  }

 private:
  static constexpr std::size_t x = 0, low = 1, high = 2, before = 3, fresh = 4;
  std::size_t reading(std::size_t k) const { return 1 + tensors() + k; }

  void start(state& s, bench& on) const {
    const noise_level from = on.path().front();
    std::fill(s.at.begin(), s.at.end(), from);
    std::fill(s.lambda.begin(), s.lambda.end(), from.lambda());
    std::fill(s.weights[0].begin(), s.weights[0].end(), 1.0);
    const bench::term copy[] = {{x, s.weights[0]}};
    on.combine(before, copy);
  }

  // Sets the next trial of each sample; false when all have arrived.
  bool propose(state& s, bench& on) const {
    const noise_level end = on.path().back();
    const double last = end.lambda();
    bool any = false;
    for (std::size_t i = 0; i < s.at.size(); ++i) {
      constexpr double close = 1e-5;
      s.active[i] = controller == control::pid ? s.lambda[i] < last - close : std::abs(s.at[i].t - end.t) > close;
      on.levels()[i] = s.at[i];
      s.lost[i] = s.lost[i] || (s.active[i] && is_stuck(s, i));
      s.active[i] = s.active[i] && !s.lost[i];
      if (!s.active[i]) continue;
      any = true;
      const double to = std::min(last, s.lambda[i] + s.h[i]);
      s.target[i] = to == last ? end : on.at_lambda(to);
      s.down[i] = s.target[i];
      if (eta > 0) {
        const double down = carried_over(s.target[i], ancestral_noise(s.at[i], s.target[i], eta)) / s.target[i].alpha;
        if (-std::log(down) > to) s.down[i] = on.at_lambda(std::min(last, -std::log(down)));
      }
    }
    return any;
  }

  bool is_stuck(const state& s, std::size_t i) const {
    return s.trials >= max_trials || !std::isfinite(s.error[i]) || !(s.lambda[i] + s.h[i] > s.lambda[i]);
  }

  // The coefficients of a solution of order k from sample i's level to another, over the readings so far.
  row solution(const state& s, std::size_t i, std::size_t k, const noise_level& to) const {
    const double h = s.down[i].lambda() - s.lambda[i];
    const exponential_leg leg = leg_in_lambda(s.at[i], to, of, 0);
    auto m = moments(leg.y);
    const auto lambda = [&](std::size_t j) {
      return s.lambda[i] + static_cast<double>(j) / static_cast<double>(order) * h;
    };
    row r{.x = leg.a};
    if (k == 3 && correction == dpm_singlestep::kind::midpoint) {
      const auto w = adams_weights(leg, std::array{lambda(0), lambda(2)}, m);
      r.now = {w[0], 0, w[1]};
      return r;
    }
    if (k == 2 && correction == dpm_singlestep::kind::midpoint) m[1] = m[0] / 2;
    const std::array nodes{lambda(0), lambda(1), lambda(2)};
    const auto w = adams_weights(leg, std::span{nodes}.first(k), m);
    std::copy_n(w.begin(), k, r.now.begin());
    return r;
  }

  void combine(state& s, bench& on, std::size_t to, std::size_t readings_used) const {
    std::array<bench::term, 4> terms{bench::term{x, s.weights[0]}};
    for (std::size_t k = 0; k < readings_used; ++k) terms[1 + k] = {reading(k), s.weights[1 + k]};
    on.combine(to, std::span{terms}.first(1 + readings_used));
  }

  void set(state& s, std::size_t i, const row& r) const {
    s.weights[0][i] = r.x;
    for (std::size_t k = 0; k < 3; ++k) s.weights[1 + k][i] = r.now[k];
  }

  // The j-th inner state. Its own row is exact in the slope: midpoint is a matter of the results only.
  void make_stage(state& s, bench& on, std::size_t j) const {
    for (std::size_t i = 0; i < s.at.size(); ++i) {
      if (!s.active[i]) {
        set(s, i, same_state);
        continue;
      }
      const double h = s.down[i].lambda() - s.lambda[i], first = s.lambda[i] + h / order;
      const noise_level level = on.at_lambda(s.lambda[i] + static_cast<double>(j) * h / order);
      const exponential_leg leg = leg_in_lambda(s.at[i], level, of, 0);
      const std::array nodes{s.lambda[i], first};
      const auto w = adams_weights(leg, std::span{nodes}.first(j), moments(leg.y));
      row r{.x = leg.a};
      std::copy_n(w.begin(), j, r.now.begin());
      set(s, i, r);
      on.levels()[i] = level;
    }
    combine(s, on, low, j);
  }

  void judge(state& s, bench& on) const {
    const std::size_t k = static_cast<std::size_t>(order);
    for (const std::size_t solves : {k, k - 1}) {
      for (std::size_t i = 0; i < s.at.size(); ++i)
        set(s, i, s.active[i] ? solution(s, i, solves, s.down[i]) : same_state);
      combine(s, on, solves == k ? high : low, solves);
    }
    on.error(low, high, before, atol, rtol, s.error);
    if (couples_batch) share_error(s);
    for (std::size_t i = 0; i < s.at.size(); ++i)
      s.accepted[i] = s.active[i] && (controller == control::pid ? by_pid(s, i) : s.error[i] <= 1);
    ++s.trials;
    if (eta > 0) on.draw(fresh, s.steps, s.at, s.target, s.accepted);
    take(s, on);
    for (std::size_t i = 0; i < s.at.size(); ++i) {
      if (s.accepted[i]) {
        s.at[i] = s.target[i];
        s.lambda[i] = s.at[i].lambda();
        ++s.steps[i];
      }
      if (controller == control::power && s.active[i])
        s.h[i] = std::min(theta * s.h[i] * std::pow(s.error[i], -1.0 / order), on.path().back().lambda() - s.lambda[i]);
    }
  }

  // x <- accepted ? high, brought to the target's level, with fresh noise : x; before <- accepted ? low : before.
  void take(state& s, bench& on) const {
    const auto choose = [&](std::size_t w, double rejected, auto accepted) {
      for (std::size_t i = 0; i < s.at.size(); ++i) s.weights[w][i] = s.accepted[i] ? accepted(i) : rejected;
    };
    choose(0, 1, [](std::size_t) { return 0.0; });
    choose(1, 0, [&](std::size_t i) { return s.target[i].alpha / s.down[i].alpha; });
    choose(2, 0, [&](std::size_t i) {
      const double t = s.target[i].rho(), down = s.down[i].rho();
      return eta > 0 ? s_noise * s.target[i].alpha * std::sqrt(std::max(0.0, (t - down) * (t + down))) : 0.0;
    });
    choose(3, 0, [](std::size_t) { return 1.0; });
    const bench::term state_terms[] = {{x, s.weights[0]}, {high, s.weights[1]}, {fresh, s.weights[2]}};
    on.combine(x, std::span{state_terms}.first(eta > 0 ? 3 : 2));
    const bench::term before_terms[] = {{before, s.weights[0]}, {low, s.weights[3]}};
    on.combine(before, before_terms);
  }

  void share_error(state& s) const {
    double largest = 0, squares = 0;
    for (const double e : s.error) {
      largest = std::max(largest, e);
      squares += e * e;
    }
    const double all = controller == control::pid ? std::sqrt(squares / static_cast<double>(s.error.size())) : largest;
    std::fill(s.error.begin(), s.error.end(), all);
  }

  bool by_pid(state& s, std::size_t i) const {
    const double k = eta > 0 ? 1.5 : static_cast<double>(order()), inverse = 1 / (s.error[i] + 1e-8);
    if (s.trials == 0) s.inverse_error[i] = s.older_inverse_error[i] = inverse;
    const double f = std::pow(inverse, (pcoeff + icoeff + dcoeff) / k) *
                     std::pow(s.inverse_error[i], -(pcoeff + 2 * dcoeff) / k) *
                     std::pow(s.older_inverse_error[i], dcoeff / k);
    const double factor = 1 + std::atan(f - 1);
    s.h[i] *= factor;
    if (factor < accept_safety) return false;
    s.older_inverse_error[i] = s.inverse_error[i];
    s.inverse_error[i] = inverse;
    return true;
  }
};

}  // namespace noisefall
