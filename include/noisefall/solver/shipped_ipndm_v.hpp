// The weights of iPNDM_v as its published code has them, slips included.
#pragma once

#include <array>
#include <cstddef>

#include <noisefall/solver/phi.hpp>

namespace noisefall {

// x_t / alpha_t = x / alpha_s + h * sum_j w_j eps_j with h = rho_t - rho_s and the lengths h_1, h_2, h_3 of the legs
// before (zju-pi's diff-sampler, Zhou et al. 2024, and ComfyUI's ipndm_v). Two readings: Adams and Bashforth's. With
// three, half of 1 - h^2 / (3 h_1 (h_1 + h_2)) stands for the weight of the second divided difference; with four there
// are three slips, and on a uniform grid the weights are (57, -65, 43, -11) / 24 for (55, -59, 37, -9) / 24. On other
// grids they do not even add up to 1.
inline std::array<double, max_nodes> shipped_ipndm_v_weights(double h, const std::array<double, 3>& before,
                                                             std::size_t readings) {
  const auto [h_1, h_2, h_3] = before;
  std::array<double, max_nodes> w{1};
  const auto add = [&w](double factor, const std::array<double, 4>& shape) {
    for (std::size_t j = 0; j < shape.size(); ++j) w[j] += factor * shape[j];
  };
  if (readings < 2) return w;
  add(h / h_1 / 2, {1, -1});
  if (readings < 3) return w;
  const double q = h_1 / h_2, second = (1 - h * h / (3 * h_1 * (h_1 + h_2))) / 2;
  add(second, {1, -1 - q, q});
  if (readings < 4) return w;
  const double two = h + h_1, three = two + h_2, s = q * (h_1 + h_2) / (h_2 + h_3);
  const double third = ((1 - h / (3 * two)) / 2 + (1 - h / (2 * two)) * h / (6 * three)) * h * two * three /
                       (h_1 * (h_1 + h_2) * (h_1 + h_2 + h_3));
  add(third, {1, -1 - q - s, q + s * (1 + h_2 / h_3), -s * q});
  return w;
}

}  // namespace noisefall
