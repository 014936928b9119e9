// A leg that climbs: fresh noise added to the state as it is, without an evaluation.
#pragma once

#include <cmath>
#include <cstdint>

#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/plan.hpp>

namespace noisefall {

// x_t = (alpha_t / alpha_s) x + s_noise * sqrt(sigma_t^2 - (alpha_t sigma_s / alpha_s)^2) z
//
// The forward process from s to t: what Restart (Xu et al. 2023, arXiv:2306.14878, algorithm 1) and RePaint (Lugmayr et
// al. 2022, equation 1) do between two ways down. from.alpha above 0; to.alpha may be 0, where all is noise.
inline step_plan climb(const step_position& at, double s_noise) {
  step_plan p;
  p.remember.reset();
  p.result.x = at.to.alpha / at.from.alpha;
  const double carried = p.result.x * at.from.sigma;
  add_noise(p, at, s_noise * std::sqrt((at.to.sigma - carried) * (at.to.sigma + carried)));
  return p;
}

}  // namespace noisefall
