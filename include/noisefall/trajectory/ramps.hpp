// The plain formulas behind the spacings: lists of sigma = sigma / alpha (or of a flow's sigma), noisiest first.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/trajectory/beta_quantile.hpp>
#include <noisefall/trajectory/indices.hpp>

namespace noisefall {

// n values from a to b inclusive: a + i step with step = (b - a) / (n - 1), the last exactly b; {a} for n = 1
// (numpy.linspace).
inline std::vector<double> linear_ramp(std::size_t n, double a, double b) {
  const double step = n > 1 ? (b - a) / static_cast<double>(n - 1) : 0;
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = numpy_point(a, static_cast<long>(i), step);
  if (n > 1) values.back() = b;
  return values;
}

// The ramps below have n >= 1 values falling from hi to lo; for n = 1 the value is hi.

inline void require_ends(std::size_t n, double lo, double hi, std::string_view where) {
  require(n >= 1, where, "steps: 0", "1 or more");
  require(lo > 0 && hi >= lo && std::isfinite(hi), where, {"sigma_min: ", lo, ", sigma_max: ", hi},
          "0 < sigma_min <= sigma_max, both finite");
}

// (hi^(1/rho) + i/(n-1) (lo^(1/rho) - hi^(1/rho)))^rho, arXiv:2206.00364 eq. 5. rho > 0, usually 7.
inline std::vector<double> karras_ramp(std::size_t n, double lo, double hi, double rho = 7) {
  require_ends(n, lo, hi, "karras");
  require(rho > 0 && std::isfinite(rho), "karras", {"rho: ", rho}, "above 0");
  const double bottom = std::pow(lo, 1 / rho), top = std::pow(hi, 1 / rho);
  std::vector<double> ramp = linear_ramp(n, 0, 1);
  for (double& r : ramp) r = std::pow(top + r * (bottom - top), rho);
  return ramp;
}

// Even in ln(sigma): exp of n values from ln(hi) to ln(lo).
inline std::vector<double> exponential_ramp(std::size_t n, double lo, double hi) {
  require_ends(n, lo, hi, "exponential");
  std::vector<double> ramp = linear_ramp(n, std::log(hi), std::log(lo));
  for (double& r : ramp) r = std::exp(r);
  return ramp;
}

// ln(sigma) = r^rho ln(hi / lo) + ln(lo), r from 1 to 0 (k-diffusion). rho > 0; rho = 1 is exponential_ramp.
inline std::vector<double> polyexponential_ramp(std::size_t n, double lo, double hi, double rho = 1) {
  require_ends(n, lo, hi, "polyexponential");
  require(rho > 0 && std::isfinite(rho), "polyexponential", {"rho: ", rho}, "above 0");
  std::vector<double> ramp = linear_ramp(n, 1, 0);
  for (double& r : ramp) r = std::exp(std::pow(r, rho) * (std::log(hi) - std::log(lo)) + std::log(lo));
  return ramp;
}

// exponential_ramp in diffusers' other arithmetic (use_lu_lambdas): exp(ln(hi) + i/(n-1) (ln(lo) - ln(hi))).
inline std::vector<double> lu_ramp(std::size_t n, double lo, double hi) {
  require_ends(n, lo, hi, "lu");
  std::vector<double> ramp = linear_ramp(n, 0, 1);
  for (double& r : ramp) r = std::exp(std::log(hi) + r * (std::log(lo) - std::log(hi)));
  return ramp;
}

// lo + (hi - lo) q(1 - i/(n-1)), q the beta(a, b) quantile, arXiv:2407.12173. a, b in (0, 50].
inline std::vector<double> beta_ramp(std::size_t n, double lo, double hi, double a = 0.6, double b = 0.6) {
  require_ends(n, lo, hi, "beta");
  std::vector<double> ramp = linear_ramp(n, 0, 1);
  for (double& r : ramp) r = lo + beta_quantile(1 - r, a, b) * (hi - lo);
  return ramp;
}

// sigma = sqrt(e^(beta_d t^2 / 2 + beta_min t) - 1), t from 1 to t_end: the VP process of arXiv:2206.00364 table 1.
inline std::vector<double> vp_ramp(std::size_t n, double beta_d = 19.9, double beta_min = 0.1, double t_end = 1e-3) {
  require(n >= 1, "vp_times", "steps: 0", "1 or more");
  std::vector<double> ramp = linear_ramp(n, 1, t_end);
  for (double& t : ramp) t = std::sqrt(std::expm1(beta_d * t * t / 2 + beta_min * t));
  return ramp;
}

// Shifts of a flow's sigma in [0, 1] (alpha = 1 - sigma); 0 and 1 stay where they are.

// shift sigma / (1 + (shift - 1) sigma): lambda moves by -ln(shift). shift > 0. arXiv:2403.03206 eq. 23.
inline double time_shift(double shift, double sigma) { return shift * sigma / (1 + (shift - 1) * sigma); }

// e^mu / (e^mu + (1 / sigma - 1)^power).
inline double time_shift_exponential(double mu, double sigma, double power = 1) {
  return std::exp(mu) / (std::exp(mu) + std::pow(1 / sigma - 1, power));
}

// mu / (mu + (1 / sigma - 1)^power), mu > 0.
inline double time_shift_linear(double mu, double sigma, double power = 1) {
  return mu / (mu + std::pow(1 / sigma - 1, power));
}

// mu for a sequence length: the line through (base_length, base) and (max_length, max), which goes on beyond both.
inline double resolution_mu(double length, double base_length = 256, double base = 0.5, double max_length = 4096,
                            double max = 1.15) {
  const double slope = (max - base) / (max_length - base_length);
  return length * slope + (base - slope * base_length);
}

// mu for a sequence length and a number of steps, as Flux.2 finds it: above 4300 a line in the length, up to there linear
// in the steps between that line at 200 and another at 10.
inline double flux2_mu(double length, std::size_t steps) {
  const double at_200 = 0.00016927 * length + 0.45666666, at_10 = 8.73809524e-05 * length + 1.89833333;
  return length > 4300 ? at_200 : at_10 + (at_200 - at_10) * (static_cast<double>(steps) - 10) / 190;
}

// Stretches 1 - sigma so that the last sigma becomes `terminal`, in [0, 1). A list that ends at sigma = 1 (one step)
// has nothing to stretch and stays.
inline std::vector<double> stretch_to_terminal(std::vector<double> sigmas, double terminal) {
  if (sigmas.empty() || sigmas.back() == 1) return sigmas;
  const double scale = (1 - sigmas.back()) / (1 - terminal);
  for (double& s : sigmas) s = 1 - (1 - s) / scale;
  return sigmas;
}

}  // namespace noisefall
