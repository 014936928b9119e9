// Orders of a solver, measured for lambda from -2.5 to 2.5: of its ODE on two Gaussians, which is solved to 13 digits,
// and of the law at its end on one.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "solver/scalar_run.hpp"

namespace scalar {

enum class grid { uniform_lambda, karras };

// Where the i-th of n legs starts.
inline double lambda_on(grid of, int i, int n) {
  const double part = static_cast<double>(i) / n;
  if (of == grid::uniform_lambda) return -2.5 + 5 * part;
  return -7 * std::log(std::exp(2.5 / 7) + part * (std::exp(-2.5 / 7) - std::exp(2.5 / 7)));
}

// log2 of the errors' ratio from 120 legs to 240; the first `exact_steps` results are replaced by exact ones.
template <class Solver>
double measured_order(const Solver& solver, std::size_t exact_steps = 0, grid of = grid::uniform_lambda) {
  static const two_gaussians data;
  static const double exact = data.flow(0.9, -2.5, 2.5);
  const auto error = [&](int n) {
    std::vector<double> lambdas;
    for (int i = 0; i <= n; ++i) lambdas.push_back(lambda_on(of, i, n));
    settings how;
    how.exact_steps = exact_steps;
    how.exact = [](double, const noise_level& to) { return data.flow(0.9, -2.5, to.lambda()); };
    return std::abs(run(solver, vp_legs(lambdas), 0.9, data, how).x - exact);
  };
  return std::log2(error(120) / error(240));
}

// On data N(0, 0.4^2) the exact denoiser is linear, so the variance at the end of a run of n legs that starts at the
// data's follows from its answers to unit impulses. Its distance from the data's at the end:
template <class Solver>
double variance_error(const Solver& solver, int n) {
  const auto data = [](double x, const noise_level& at) {
    return at.alpha * 0.16 / (at.alpha * at.alpha * 0.16 + at.sigma * at.sigma) * x;
  };
  const auto variance_at = [](const noise_level& l) { return l.alpha * l.alpha * 0.16 + l.sigma * l.sigma; };
  std::vector<double> lambdas;
  for (int i = 0; i <= n; ++i) lambdas.push_back(-2.5 + 5.0 * i / n);
  const auto path = vp_legs(lambdas);
  const double memory = run(solver, path, 1, data).x;
  double variance = memory * memory * variance_at(path.front().from);
  for (std::size_t step = 0; step < path.size(); ++step)
    for (std::size_t slot = 0; slot < max_noise_slots; ++slot) {
      settings how;
      how.noise = [step, slot](std::size_t of, std::size_t in) { return of == step && in == slot ? 1.0 : 0.0; };
      const double answer = run(solver, path, 0, data, how).x;
      variance += answer * answer;
    }
  return std::abs(variance - variance_at(path.back().to));
}

// log2 of its ratio from 120 legs to 240.
template <class Solver>
double measured_weak_order(const Solver& solver) {
  return std::log2(variance_error(solver, 120) / variance_error(solver, 240));
}

}  // namespace scalar
