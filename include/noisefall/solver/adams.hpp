// Adams-Bashforth rows on the noise: the readings a polynomial in a coordinate of the level, integrated over sigma /
// alpha.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <noisefall/core/inline_vector.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/phi.hpp>
#include <noisefall/solver/plan.hpp>
#include <noisefall/solver/quadrature.hpp>

namespace noisefall {

// In what the noise is taken for a polynomial.
//   rho    sigma / alpha: LMS, DEIS rho-AB; exact by polynomials
//   time   the schedule's t: DEIS t-AB
//   index  the number of the step, as if the grid were uniform: PLMS, iPNDM
enum class adams_coordinate : std::uint8_t { rho, time, index };

namespace adams {

inline double coordinate(adams_coordinate in, const noise_level& at) {
  return in == adams_coordinate::time ? at.t : at.rho();
}

// Where the readings stand, newest first, as theta of (u - u_s) / (u_t - u_s): this step's 0 and then at most `most` -
// 1 remembered ones. It ends before the first that was read at alpha = 0, unless those count, or that repeats.
using nodes = inline_vector<double, max_nodes>;
inline nodes nodes_of(const step_window& window, adams_coordinate in, std::size_t most, bool zero_alpha_counts) {
  nodes found;
  found.push_back(0);
  const double start = coordinate(in, window.at.from), length = coordinate(in, window.at.to) - start;
  for (std::size_t k = 1; k < most && k <= window.stored && k < max_nodes; ++k) {
    const noise_level& at = window.past_level(k - 1);
    if (at.alpha == 0 && !zero_alpha_counts) break;
    const double theta =
        in == adams_coordinate::index ? -static_cast<double>(k) : (coordinate(in, at) - start) / length;
    bool fits = std::isfinite(theta);
    for (const double other : found) fits = fits && other != theta;
    if (!fits) break;
    found.push_back(theta);
  }
  return found;
}

// The integral over the leg of theta^k d rho for k = 0 ... : with rho(theta) known, by parts it is
//   (rho_t - rho_s) - k * integral over theta of theta^(k-1) * (rho(theta) - rho_s)
// which for rho itself, and for an index, is (rho_t - rho_s) / (k + 1). In time the integral is done by Gauss and
// Legendre's rule of 16 points, exact to rounding where the schedule is smooth over the leg.
inline std::array<double, max_nodes> moments_over(const step_window& window, adams_coordinate in) {
  static constexpr std::array<double, 8> point{0.0950125098376374402, 0.2816035507792589132, 0.4580167776572273863,
                                               0.6178762444026437484, 0.7554044083550030339, 0.8656312023878317439,
                                               0.9445750230732325761, 0.9894009349916499326};
  static constexpr std::array<double, 8> weight{0.1894506104550684963, 0.1826034150449235889, 0.1691565193950025382,
                                                0.1495959888165767321, 0.1246289712555338720, 0.0951585116824927848,
                                                0.0622535239386478929, 0.0271524594117540949};
  const noise_level &from = window.at.from, &to = window.at.to;
  const double rise = to.rho() - from.rho();
  std::array<double, max_nodes> m{};
  for (std::size_t k = 0; k < max_nodes; ++k)
    m[k] = in == adams_coordinate::time ? rise : rise / static_cast<double>(k + 1);
  if (in != adams_coordinate::time) return m;
  for (std::size_t j = 0; j < point.size(); ++j)
    for (const double side : {-1.0, 1.0}) {
      const double theta = (1 + side * point[j]) / 2;
      const double rho = window.at_time(from.t + theta * (to.t - from.t)).rho() - from.rho();
      double power = 1;
      for (std::size_t k = 1; k < max_nodes; ++k) {
        m[k] -= static_cast<double>(k) * weight[j] / 2 * power * rho;
        power *= theta;
      }
    }
  return m;
}

// x_t = (alpha_t / alpha_s) * x + alpha_t * sum_j w_j * eps_j, at most `order` readings; to.alpha and from.alpha above
// 0.
inline row row_of(const step_window& window, adams_coordinate in, std::size_t order, bool zero_alpha_counts = false) {
  const noise_level &from = window.at.from, &to = window.at.to;
  const bool moves = to.alpha > 0 && (falls(from, to) || rises(from, to));
  const nodes theta = nodes_of(window, in, moves ? order : 1, zero_alpha_counts);
  row r = eps_row(from, to);
  if (theta.size() == 1) return r;
  const auto weights = weights_on({theta.begin(), theta.size()}, moments_over(window, in));
  r.now[0] = to.alpha * weights[0];
  for (std::size_t k = 1; k < theta.size(); ++k) r.past[k - 1] = to.alpha * weights[k];
  return r;
}

}  // namespace adams

}  // namespace noisefall
