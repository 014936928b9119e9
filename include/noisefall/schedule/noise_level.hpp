// One point of the forward process: x = alpha * x0 + sigma * eps at time t.
#pragma once

#include <cmath>
#include <limits>

namespace noisefall {

// One point of a schedule: x_t = alpha * x0 + sigma * eps.
struct noise_level {
  double t = 0;      // in the schedule's own unit (an index for discrete tables)
  double alpha = 1;  // signal factor, >= 0
  double sigma = 0;  // noise factor, >= 0

  // Half the log signal-to-noise ratio, log(alpha / sigma): +infinity at sigma = 0, -infinity at alpha = 0.
  double lambda() const { return std::log(alpha) - std::log(sigma); }
  // sigma / alpha, what k-diffusion and users call sigma: infinity at alpha = 0.
  double rho() const { return alpha == 0 ? std::numeric_limits<double>::infinity() : sigma / alpha; }

  friend bool operator==(const noise_level&, const noise_level&) = default;
};

}  // namespace noisefall
