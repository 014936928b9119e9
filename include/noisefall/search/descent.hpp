// Finds the nearest minimum of a smooth function of some dozens of numbers, by values alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include <Eigen/Dense>

#include <noisefall/core/function_ref.hpp>

namespace noisefall {

// When a descent ends.
struct descent_settings {
  std::size_t iterations = 100;
  double tolerance = 1e-10;  // ends where an iteration gains less than this share of the value
  double step = 1e-5;        // of the central differences
};

// Where it ended.
struct descent_result {
  Eigen::VectorXd at;
  double value = 0;
  std::size_t values = 0;  // how many were asked for
};

// Quasi-Newton (BFGS) with gradients by central differences and a line search that only goes down: the value never
// rises above that of the start. Ends early when `stopped` says so. Values that are not finite count as walls.
inline descent_result descend(function_ref<double(const Eigen::VectorXd&)> value, Eigen::VectorXd start,
                              const descent_settings& how, function_ref<bool()> stopped) {
  descent_result best{std::move(start), 0, 1};
  best.value = value(best.at);
  const Eigen::Index n = best.at.size();
  if (n == 0) return best;
  const auto slope = [&](const Eigen::VectorXd& at) {
    Eigen::VectorXd g(n), moved = at;
    for (Eigen::Index i = 0; i < n; ++i) {
      moved[i] = at[i] + how.step;
      const double up = value(moved);
      moved[i] = at[i] - how.step;
      const double down = value(moved);
      moved[i] = at[i];
      g[i] = std::isfinite(up - down) ? (up - down) / (2 * how.step) : 0;
    }
    best.values += 2 * static_cast<std::size_t>(n);
    return g;
  };
  Eigen::VectorXd gradient = slope(best.at);
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Identity(n, n);
  bool scaled = false;
  for (std::size_t k = 0; k < how.iterations && !stopped(); ++k) {
    Eigen::VectorXd direction = -(inverse * gradient);
    double along = direction.dot(gradient);
    if (!(along < 0)) {
      inverse.setIdentity();
      scaled = false;
      direction = -gradient;
      along = direction.dot(gradient);
      if (!(along < 0)) break;
    }
    const double longest = direction.cwiseAbs().maxCoeff();
    double length = scaled ? std::min(1.0, 1 / longest) : 0.1 / longest;
    double reached = std::numeric_limits<double>::infinity();
    Eigen::VectorXd next;
    for (int halvings = 0; halvings < 40; ++halvings, length /= 2) {
      next = best.at + length * direction;
      reached = value(next);
      ++best.values;
      if (std::isfinite(reached) && reached <= best.value + 1e-4 * length * along) break;
    }
    if (!(reached < best.value)) {
      if (!scaled) break;
      inverse.setIdentity();  // once more, straight down
      scaled = false;
      continue;
    }
    const Eigen::VectorXd there = slope(next), moved = next - best.at, turned = there - gradient;
    const double gain = best.value - reached, curvature = moved.dot(turned);
    best.at = next;
    best.value = reached;
    gradient = there;
    if (curvature > 1e-14 * moved.norm() * turned.norm()) {
      if (!scaled) inverse = Eigen::MatrixXd::Identity(n, n) * (curvature / turned.squaredNorm());
      scaled = true;
      const double r = 1 / curvature;
      const Eigen::MatrixXd left = Eigen::MatrixXd::Identity(n, n) - r * moved * turned.transpose();
      inverse = left * inverse * left.transpose() + r * moved * moved.transpose();
    }
    if (gain < how.tolerance * std::abs(best.value)) break;
  }
  return best;
}

}  // namespace noisefall
