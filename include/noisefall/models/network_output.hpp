// What an exact predictor puts out.
#pragma once

#include <cmath>
#include <cstdint>

#include <noisefall/schedule/noise_level.hpp>

namespace noisefall {

// With E the posterior mean given the state x = alpha*x0 + sigma*eps, and s = sigma_data:
//   eps       E[eps]
//   x0        E[x0]
//   v         alpha*E[eps] - sigma*E[x0]                                        Salimans and Ho, arXiv:2202.00512
//   flow      E[eps] - E[x0]                                                    rectified flow's velocity
//   score     -E[eps] / sigma, the gradient of log p(x)
//   edm       F of E[x0] = c_skip*x/alpha + c_out*F at sigma/alpha              Karras et al., arXiv:2206.00364
//             = (sigma*E[x0] - alpha*s^2*E[eps]) / (s*sqrt(sigma^2 + alpha^2*s^2))
//   trigflow  -F                                                                Lu and Song, arXiv:2410.11081
enum class network_output : std::uint8_t { eps, x0, v, flow, score, edm, trigflow };

// output = x0 * E[x0] + q * E[eps] / sigma. Nothing is divided by alpha or sigma, so both may be zero.
struct output_row {
  double x0 = 0, q = 0;
};

inline output_row row_of(network_output gives, const noise_level& at, double sigma_data) {
  const auto edm = [&](double sign) -> output_row {
    const double norm = sign * std::hypot(at.sigma, at.alpha * sigma_data);
    return {at.sigma / (sigma_data * norm), -at.alpha * sigma_data * at.sigma / norm};
  };
  switch (gives) {
    case network_output::x0:
      return {1, 0};
    case network_output::v:
      return {-at.sigma, at.alpha * at.sigma};
    case network_output::flow:
      return {-1, at.sigma};
    case network_output::score:
      return {0, -1};
    case network_output::edm:
      return edm(1);
    case network_output::trigflow:
      return edm(-1);
    case network_output::eps:
      break;
  }
  return {0, at.sigma};
}

}  // namespace noisefall
