// The clamped and warped cosine of Wuerstchen and Stable Cascade.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/schedule/vp_cosine.hpp>

namespace noisefall {

// alpha_bar(t) = cos^2((w + s) / (1 + s) pi / 2) / alpha_bar at w = 0, kept inside [1e-4, 0.9999]; w is t, or
// 1 - (1 - t)^scaler for scaler > 1 and t^scaler for scaler < 1. alpha = sqrt(alpha_bar), sigma = sqrt(1 - alpha_bar),
// t in [0, 1] as the network is fed it. t_min() and t_max() are where the clamp sets in (0.0023 and 0.9936 by default):
// beyond them the level stays what it is, so that descending levels lie between them. Never alpha = 0 nor sigma = 0.
struct wuerstchen {
  static constexpr std::string_view name = "wuerstchen";
  static constexpr std::string_view reference = papers::wuerstchen;

  double scaler = 1;  // above 0
  double s = 0.008;   // above 0

  void check() const {
    require(scaler > 0 && std::isfinite(scaler), name, {"scaler: ", scaler}, "above 0");
    require(s > 0 && std::isfinite(s), name, {"s: ", s}, "above 0");
  }

  noise_level at(double t) const {
    if (t <= t_min()) return {t, highest_alpha, lowest_alpha};
    if (t >= t_max()) return {t, lowest_alpha, highest_alpha};
    const noise_level level = cosine_path().at(scaler > 1   ? 1 - std::pow(1 - t, scaler)
                                               : scaler < 1 ? std::pow(t, scaler)
                                                            : t);
    return {t, level.alpha, level.sigma};
  }

  double time_of(double lambda) const { return std::clamp(unclamped(lambda), t_min(), t_max()); }
  noise_level at_rho(double rho) const { return variance_preserving_level(time_of(-std::log(rho)), rho); }
  double t_min() const { return unclamped(std::log(highest_alpha / lowest_alpha)); }
  double t_max() const { return unclamped(std::log(lowest_alpha / highest_alpha)); }

 private:
  static constexpr double lowest_alpha = 0.01, highest_alpha = 0.99994999874993749609;  // sqrt(1e-4), sqrt(0.9999)

  vp_cosine cosine_path() const { return {.s = s, .t_end = 0, .t_start = 1}; }
  double unclamped(double lambda) const {
    const double w = cosine_path().time_of(lambda);
    return scaler > 1 ? 1 - std::pow(1 - w, 1 / scaler) : scaler < 1 ? std::pow(std::max(w, 0.0), 1 / scaler) : w;
  }
};

}  // namespace noisefall
