// The circular path of TrigFlow and of the continuous cosine schedule.
#pragma once

#include <cmath>
#include <numbers>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>

namespace noisefall {

// alpha = cos t, sigma = sigma_data sin t, t in [0, pi/2], arXiv:2410.11081 section 3: the noise has the data's
// standard deviation. sigma_data = 1 is the variance-preserving cosine path. Clean at t = 0; alpha = 0 at t = pi/2.
struct trig_flow {
  static constexpr std::string_view name = "trig_flow";
  static constexpr std::string_view reference = papers::trig_flow;

  double sigma_data = 0.5;  // above 0
  double t_end = 0.004;     // in [0, pi/2)

  void check() const {
    require(sigma_data > 0 && std::isfinite(sigma_data), name, {"sigma_data: ", sigma_data}, "above 0");
    require(t_end >= 0 && t_end < t_max(), name, {"t_end: ", t_end}, "0 to pi/2, without pi/2");
  }

  noise_level at(double t) const { return {t, t == t_max() ? 0 : std::cos(t), sigma_data * std::sin(t)}; }
  double time_of(double lambda) const { return std::atan(std::exp(-lambda) / sigma_data); }
  noise_level at_rho(double rho) const {
    if (std::isinf(rho)) return {t_max(), 0, sigma_data};
    const double alpha = 1 / std::hypot(1, rho / sigma_data);
    return {std::atan(rho / sigma_data), alpha, rho * alpha};
  }
  double t_min() const { return t_end; }
  double t_max() const { return std::numbers::pi / 2; }
};

}  // namespace noisefall
