// The Gaussian on which searches are held against exact numbers: 64 directions, spectrum k^-1.5 of mean variance 1/4, the
// linear schedule from t = 1 to 1e-3, and an excess error of 0.02 / (1 + s^2) + 2e-6.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <noisefall/schedule/edm.hpp>
#include <noisefall/search/error_table.hpp>
#include <noisefall/search/linear_error.hpp>
#include <noisefall/search/linear_response.hpp>
#include <noisefall/solver/ddim.hpp>

namespace gaussian_problem {

using namespace noisefall;

inline std::vector<data_direction> spectrum() {
  std::vector<data_direction> of;
  double all = 0;
  for (int k = 1; k <= 64; ++k) all += of.emplace_back(data_direction{std::pow(k, -1.5), 1}).variance;
  for (data_direction& d : of) d.variance *= 16 / all;
  return of;
}
inline double excess_at(double s) { return 0.02 / (1 + s * s) + 2e-6; }

// Fine enough that its rows do not show in four digits.
inline error_table table(double excess = 1) {
  return tabulate_errors(
      0.005, 200, 400, spectrum(), [excess](double v, double s) { return v / (v + s * s) + excess * excess_at(s); },
      [excess](double, double s) { return excess * excess_at(s); });
}

// sigma / alpha of the published start trajectories: ln sqrt(abar) straight between (i + 1) / 1000 of the table.
inline double sigma_of(double t) {
  static const std::vector<double> logs = [] {
    std::vector<double> l{0};
    for (int i = 0; i < 1000; ++i) l.push_back(l.back() + 0.5 * std::log1p(-(1e-4 + (0.02 - 1e-4) * i / 999)));
    return l;
  }();
  const double x = t * 1000;
  const auto i = std::min<std::size_t>(static_cast<std::size_t>(x), 999);
  const double part = x - static_cast<double>(i);
  return std::sqrt(std::expm1(-2 * (logs[i] * (1 - part) + logs[i + 1] * part)));
}

inline trajectory through(const std::vector<double>& sigmas) {
  std::vector<noise_level> levels;
  for (const double s : sigmas) levels.push_back({s, 1, s});
  return trajectory{levels};
}
enum class start { uniform, quadratic, log_snr, karras };
inline std::vector<double> sigmas(start by, int k = 10) {
  std::vector<double> s;
  const double high = sigma_of(1), low = sigma_of(1e-3);
  for (int i = 0; i <= k; ++i) {
    const double part = static_cast<double>(i) / k, root = 1 + part * (std::sqrt(1e-3) - 1);
    s.push_back(by == start::uniform     ? sigma_of(1 + part * (1e-3 - 1))
                : by == start::quadratic ? sigma_of(root * root)
                : by == start::log_snr
                    ? high * std::pow(low / high, part)
                    : std::pow(std::pow(high, 1 / 7.) + part * (std::pow(low, 1 / 7.) - std::pow(high, 1 / 7.)), 7));
  }
  s.front() = high;
  s.back() = low;
  return s;
}

// By the closed form of DDIM alone, without the library's plans: gains 1 - h s / (v + s^2).
inline error_split exact_ddim(const std::vector<double>& s, double excess = 1) {
  error_split sum{0, 0};
  for (const data_direction& d : spectrum()) {
    const double v = d.variance;
    double gain = 1;
    for (std::size_t k = s.size() - 1; k-- > 0;) {
      const double h = s[k] - s[k + 1];
      sum.prediction += gain * gain * h * h * excess * excess_at(s[k]) / 64;
      gain *= 1 - h * s[k] / (v + s[k] * s[k]);
    }
    const double start = v + s[0] * s[0], end = v + s.back() * s.back();
    sum.discretisation += std::pow(gain - std::sqrt(end / start), 2) * start / 64;
  }
  return sum;
}

}  // namespace gaussian_problem
