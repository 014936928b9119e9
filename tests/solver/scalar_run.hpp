// Runs on one number: windows at given levels, plans carried out on doubles, and a problem with a known answer.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <noisefall/solver/plan.hpp>

namespace scalar {

using namespace noisefall;

// Variance-preserving levels; their time is -lambda.
inline noise_level vp(double lambda) {
  return {-lambda, 1 / std::sqrt(1 + std::exp(-2 * lambda)), 1 / std::sqrt(1 + std::exp(2 * lambda))};
}
inline constexpr noise_level clean{-100, 1, 0}, pure_noise{100, 0, 1};

inline constexpr auto vp_at_lambda = [](double lambda) { return vp(lambda); };
inline constexpr auto vp_at_time = [](double t) { return vp(-t); };
inline constexpr auto eps_network = [](quantity of, const noise_level& at) {
  return of == quantity::x0 ? affine{1 / at.alpha, -at.sigma / at.alpha} : affine{0, 1};
};

// Labelled 500 + t: inside SA-Solver's range, and above 0.
inline std::vector<leg> legs_through(std::span<const noise_level> levels) {
  std::vector<leg> legs;
  for (std::size_t i = 1; i < levels.size(); ++i) legs.push_back({levels[i - 1], levels[i], 500 + levels[i - 1].t});
  return legs;
}
inline std::vector<leg> vp_legs(std::span<const double> lambdas) {
  std::vector<noise_level> levels;
  for (const double l : lambdas) levels.push_back(vp(l));
  return legs_through(levels);
}

// The window of leg i with `stored` readings remembered.
inline step_window window_at(std::span<const leg> legs, std::size_t i, std::size_t stored, bool two_readings = false) {
  return {{i, legs.size(), legs[i].from, legs[i].to, legs[i].label},
          legs.first(i),
          legs.subspan(i),
          stored,
          i > 0,
          two_readings,
          vp_at_lambda,
          vp_at_time,
          eps_network};
}

struct settings {
  std::function<double(std::size_t step, std::size_t slot)> noise{};  // unit increments; none: 0
  std::function<double(double x, const noise_level& at)> exact{};     // replaces the first `exact_steps` results
  std::size_t exact_steps = 0;
};

struct outcome {
  double x = 0;
  std::size_t evaluations = 0;
};

// Carries out every plan; `data(x, level)` is the exact x0.
template <class Solver, class Data>
outcome run(const Solver& solver, std::span<const leg> legs, double x, const Data& data, const settings& how = {}) {
  std::vector<double> past;
  double previous = 0;
  bool has_previous = false;
  outcome end;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    step_window window = window_at(legs, i, past.size());
    window.has_previous = has_previous;
    const step_plan plan = solver.plan(window);
    std::array<double, max_evaluations> now{};
    const auto value = [&](const row& r) {
      double v = r.x * x + r.previous * previous;
      for (std::size_t k = 0; k < now.size(); ++k) v += r.now[k] * now[k];
      for (std::size_t k = 0; k < past.size(); ++k) v += r.past[k] * past[k];
      for (std::size_t j = 0; j < r.noise.size(); ++j)
        if (r.noise[j] != 0 && how.noise) v += r.noise[j] * how.noise(plan.slots[j].step, plan.slots[j].slot);
      return v;
    };
    for (std::size_t k = 0; k < plan.evaluations.size(); ++k) {
      const noise_level& at = plan.evaluations[k].at;
      const double state = value(plan.evaluations[k].state), x0 = data(state, at);
      now[k] = plan.of == quantity::x0 ? x0 : (state - at.alpha * x0) / at.sigma;
      ++end.evaluations;
    }
    const double next = value(plan.result);
    if (plan.keep) previous = value(*plan.keep);
    has_previous = plan.keep.has_value();
    x = i < how.exact_steps ? how.exact(end.x = x, legs[i].to) : next;
    if (plan.remember) past.insert(past.begin(), now[*plan.remember]);
    while (past.size() > solver.history()) past.pop_back();
  }
  end.x = x;
  return end;
}

// Two Gaussians: the exact denoiser, and the probability-flow ODE by a fine Runge-Kutta of order 4.
struct two_gaussians {
  double operator()(double x, const noise_level& at) const {
    constexpr std::array<double, 2> weight{0.35, 0.65}, mean{-1.0, 0.7}, width{0.35, 0.25};
    std::array<double, 2> logs{}, centre{};
    for (std::size_t k = 0; k < 2; ++k) {
      const double v = at.alpha * at.alpha * width[k] * width[k] + at.sigma * at.sigma, d = x - at.alpha * mean[k];
      logs[k] = std::log(weight[k]) - 0.5 * std::log(v) - 0.5 * d * d / v;
      centre[k] = mean[k] + at.alpha * width[k] * width[k] / v * d;
    }
    const double share = 1 / (1 + std::exp(logs[1] - logs[0]));
    return share * centre[0] + (1 - share) * centre[1];
  }

  // Along x / sigma, whose derivative in lambda is exp(lambda) * x0.
  double flow(double x, double from, double to, int steps = 20000) const {
    const auto slope = [this](double lambda, double y) {
      return std::exp(lambda) * (*this)(y * vp(lambda).sigma, vp(lambda));
    };
    double y = x / vp(from).sigma;
    const double h = (to - from) / steps;
    for (int i = 0; i < steps; ++i) {
      const double l = from + (to - from) * i / steps;
      const double k1 = slope(l, y), k2 = slope(l + h / 2, y + h / 2 * k1);
      const double k3 = slope(l + h / 2, y + h / 2 * k2), k4 = slope(l + h, y + h * k3);
      y += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
    }
    return y * vp(to).sigma;
  }
};

}  // namespace scalar
