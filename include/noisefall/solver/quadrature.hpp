// Weights of a quadrature rule from its nodes and the moments it must reproduce.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <noisefall/solver/phi.hpp>

namespace noisefall {

// The weights of readings in  sum_k moment_k * (their divided difference over the first k + 1 nodes): with the moments
// of (x - node_0) ... (x - node_(k-1)) they integrate the polynomial through the nodes. The nodes must differ.
inline std::array<double, max_nodes> weights_of_differences(std::span<const double> nodes,
                                                            std::array<double, max_nodes> moments) {
  const std::size_t n = nodes.size();
  for (std::size_t i = n; i < max_nodes; ++i) moments[i] = 0;
  for (std::size_t k = n - 1; k-- > 0;) {
    for (std::size_t i = k + 1; i < n; ++i) moments[i] /= nodes[i] - nodes[i - k - 1];
    for (std::size_t i = k; i + 1 < n; ++i) moments[i] -= moments[i + 1];
  }
  return moments;
}

// The w with  sum_j w_j * node_j^k = moment_k  for k = 0 ... nodes - 1, which integrate the polynomial through the
// nodes. The nodes must differ. Solved by divided differences (Bjorck and Pereyra 1970), exact to a few ulp where
// elimination on the Vandermonde matrix is not.
inline std::array<double, max_nodes> weights_on(std::span<const double> nodes, std::array<double, max_nodes> moments) {
  const std::size_t n = nodes.size();
  for (std::size_t k = 0; k + 1 < n; ++k)
    for (std::size_t i = n - 1; i > k; --i) moments[i] -= nodes[k] * moments[i - 1];
  return weights_of_differences(nodes, moments);
}

}  // namespace noisefall
