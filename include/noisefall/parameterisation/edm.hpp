// Preconditioned networks: EDM's F, and the v of the same preconditioning.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/parameterisation/concept.hpp>

namespace noisefall {

// The sign of c_out: plus for EDM (F leans to eps), minus for v (Stable Audio, Playground 2.5).
enum class edm_output : std::uint8_t { eps_like, v_like };

// quarter_log: ln(sigma) / 4. arctan: (2 / pi) atan(sigma).
enum class edm_label : std::uint8_t { quarter_log, arctan };

// With sigma meaning sigma / alpha and y = x / alpha, s = sigma_data: x0 = c_skip y + c_out F(c_in y; label),
//   c_skip = s^2 / (sigma^2 + s^2), c_out = +- sigma s / sqrt(sigma^2 + s^2), c_in = 1 / sqrt(sigma^2 + s^2),
// arXiv:2206.00364 table 1. Written so that alpha = 0 and sigma = 0 give the limits: at sigma = 0 x0 = y and eps = -+
// F. The quarter_log label is -infinity at sigma = 0.
struct edm_precond {
  static constexpr std::string_view name = "edm_precond";
  static constexpr std::string_view reference = papers::edm;

  double sigma_data = 0.5;  // the data's standard deviation, above 0
  edm_output output = edm_output::eps_like;
  edm_label fed = edm_label::quarter_log;

  void check() const {
    require(sigma_data > 0 && std::isfinite(sigma_data), name, {"sigma_data: ", sigma_data}, "above 0");
  }

  affine to_x0(const noise_level& at) const {
    const double d = deviation(at);
    return {sigma_data * (sigma_data * at.alpha / d) / d, sign() * at.sigma * sigma_data / d};
  }
  affine to_eps(const noise_level& at) const {
    const double d = deviation(at);
    return {at.sigma / d / d, -sign() * at.alpha * sigma_data / d};
  }
  double input_scale(const noise_level& at) const { return 1 / deviation(at); }
  double label(const noise_level& at) const {
    return fed == edm_label::quarter_log ? 0.25 * std::log(at.rho()) : 2 / std::numbers::pi * std::atan(at.rho());
  }

 private:
  double sign() const { return output == edm_output::eps_like ? 1 : -1; }
  // Of the state x: sqrt(sigma^2 + (s alpha)^2).
  double deviation(const noise_level& at) const { return std::hypot(at.sigma, sigma_data * at.alpha); }
};

}  // namespace noisefall
