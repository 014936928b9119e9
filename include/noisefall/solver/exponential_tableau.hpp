// Tableaux of explicit exponential Runge-Kutta methods, as functions of the step.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <noisefall/solver/phi.hpp>
#include <noisefall/solver/plan.hpp>

namespace noisefall {

// phi_k(-y) = integral over s from 0 to 1 of exp(-y (1 - s)) s^(k-1) / (k-1)!, phi_0(-y) = exp(-y); phi_k(0) = 1 / k!.
// Any finite y, to 14 digits for k up to 5.
inline double phi(std::size_t k, double y) {
  if (k == 0) return std::exp(-y);
  double factorial = 1;  // of k - 1
  for (std::size_t i = 2; i < k; ++i) factorial *= static_cast<double>(i);
  return y == 0 ? 1 / (factorial * static_cast<double>(k)) : moment(k - 1, y) / (y * factorial);
}

// For u' = -u + m(u) over a step of length y, with c_0 = 0:
//   u_i = exp(-c_i y) u + y sum_{j<i} a_ij m(u_j),   u_end = exp(-y) u + y sum_i b_i m(u_i)
struct exponential_tableau {
  std::size_t stages = 1;
  std::array<double, max_evaluations> c{}, b{};
  std::array<std::array<double, max_evaluations>, max_evaluations> a{};
};

// Each is of its order of consistency on any smooth problem, so also where the linear part is not stiff.
//   res_2s               order 2, two stages at 0 and c2 (Zhang, Song, Chen 2023: RES; Hochbruck, Ostermann 2005,
//                        equation 5.3)
//   etd_rk_2             the same with c2 = 1 (Cox, Matthews 2002, equation 22)
//   etd_rk_3             order 3, stages at 0, 1/2, 1 (Cox, Matthews 2002, equations 23 to 25)
//   res_3s               order 3, stages at 0, c2, c3 (Zhang, Song, Chen 2023; Hochbruck, Ostermann 2005, equation 5.8)
//   etd_rk_4             order 4, stages at 0, 1/2, 1/2, 1 (Cox, Matthews 2002, equations 26 to 29)
//   krogstad             order 4 (Krogstad 2005, equation 51)
//   strehmel_weiner      order 4 (Strehmel, Weiner 1992)
//   friedli              order 4 (Friedli 1978)
//   hochbruck_ostermann  order 4 for stiff problems too, five stages (Hochbruck, Ostermann 2005, equation 5.19)
enum class exponential_method : std::uint8_t {
  res_2s,
  etd_rk_2,
  etd_rk_3,
  res_3s,
  etd_rk_4,
  krogstad,
  strehmel_weiner,
  friedli,
  hochbruck_ostermann
};

constexpr int order_of(exponential_method method) {
  switch (method) {
    case exponential_method::res_2s:
    case exponential_method::etd_rk_2:
      return 2;
    case exponential_method::etd_rk_3:
    case exponential_method::res_3s:
      return 3;
    default:
      return 4;
  }
}

// c2 counts for res_2s and res_3s, c3 for res_3s.
inline exponential_tableau tableau_of(exponential_method method, double y, double c2, double c3) {
  using kind = exponential_method;
  exponential_tableau t;
  const double phi_1 = phi(1, y), phi_2 = phi(2, y), phi_3 = phi(3, y);
  // A stage whose weights on readings other than the first are known; the first takes what keeps constants.
  const auto stage = [&](double c, std::array<double, max_evaluations> others) {
    double first = c * phi(1, c * y);
    for (const double w : others) first -= w;
    others[0] = first;
    t.c[t.stages] = c;
    t.a[t.stages++] = others;
  };
  const auto result = [&](std::array<double, max_evaluations> others) {
    double first = phi_1;
    for (const double w : others) first -= w;
    others[0] = first;
    t.b = others;
  };
  const double half_1 = phi(1, y / 2), half_2 = phi(2, y / 2), last = 4 * phi_3 - phi_2;
  switch (method) {
    case kind::res_2s:
    case kind::etd_rk_2: {
      const double c = method == kind::etd_rk_2 ? 1 : c2;
      stage(c, {});
      result({0, phi_2 / c});
      break;
    }
    case kind::etd_rk_3:
      stage(0.5, {});
      stage(1, {0, 2 * phi_1});
      result({0, 4 * phi_2 - 8 * phi_3, last});
      break;
    case kind::res_3s: {
      const double gamma_c2 = c3 * (3 * c3 - 2) / (2 - 3 * c2);
      stage(c2, {});
      stage(c3, {0, gamma_c2 * phi(2, c2 * y) + c3 * c3 / c2 * phi(2, c3 * y)});
      result({0, phi_2 * (3 * c3 - 2) / (3 * c2 * (c3 - c2)), phi_2 * (2 - 3 * c2) / (3 * c3 * (c3 - c2))});
      break;
    }
    case kind::etd_rk_4:
      stage(0.5, {});
      stage(0.5, {0, half_1 / 2});
      stage(1, {0, 0, half_1});
      result({0, 2 * phi_2 - 4 * phi_3, 2 * phi_2 - 4 * phi_3, last});
      break;
    case kind::krogstad:
      stage(0.5, {});
      stage(0.5, {0, half_2});
      stage(1, {0, 0, 2 * phi_2});
      result({0, 2 * phi_2 - 4 * phi_3, 2 * phi_2 - 4 * phi_3, last});
      break;
    case kind::strehmel_weiner:
      stage(0.5, {});
      stage(0.5, {0, half_2 / 2});
      stage(1, {0, -2 * phi_2, 4 * phi_2});
      result({0, 0, 4 * phi_2 - 8 * phi_3, last});
      break;
    case kind::friedli:
      stage(0.5, {});
      stage(0.5, {0, half_2 / 2});
      stage(1, {0, (2 * phi_2 - 26 * phi_1) / 25, (26 * phi_1 + 48 * phi_2) / 25});
      result({0, 0, 4 * phi_2 - 8 * phi_3, last});
      break;
    case kind::hochbruck_ostermann: {
      const double inner = half_2 / 2 - phi_3 + phi_2 / 4 - phi(3, y / 2) / 2;
      stage(0.5, {});
      stage(0.5, {0, half_2});
      stage(1, {0, phi_2, phi_2});
      stage(0.5, {0, inner, inner, half_2 / 4 - inner});
      result({0, 0, 0, last, 4 * phi_2 - 8 * phi_3});
      break;
    }
  }
  return t;
}

}  // namespace noisefall
