// The moments that exponential integrators are made of, exact for any step size.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace noisefall {

inline constexpr std::size_t max_nodes = 5;  // UniC-4: four readings and the new point

// I_k(y) = integral over theta from 0 to 1 of  y * exp(-y * (1 - theta)) * theta^k.
//
//   I_0 = 1 - exp(-y),   I_k = 1 - (k / y) * I_{k-1} = y * k! * sum_j (-y)^j / (k + j + 1)!
//
// In the terms of DPM-Solver++: I_0 = -expm1(-h), I_1 = phi_2, I_2 = -2 * phi_3. Noise prediction has the same moments
// at y = -h: the J_k of exp(+h) is -I_k(-h). Any finite y, 0 and negative ones included; relative error below 1e-14 for
// k <= 4 (the recursion alone loses ten digits at y = 0.001).
inline double moment(std::size_t k, double y) {
  if (k == 0) return -std::expm1(-y);
  const double n = static_cast<double>(k);
  if (std::abs(y) >= 2) return 1 - n / y * moment(k - 1, y);
  double term = y / (n + 1), sum = term;
  for (double j = 2; std::abs(term) > std::numeric_limits<double>::epsilon() / 4 * std::abs(sum); ++j) {
    term *= -y / (n + j);
    sum += term;
  }
  return sum;
}

// I_0 ... I_{max_nodes - 1}
inline std::array<double, max_nodes> moments(double y) {
  std::array<double, max_nodes> all{};
  for (std::size_t k = 0; k < max_nodes; ++k) all[k] = moment(k, y);
  return all;
}

}  // namespace noisefall
