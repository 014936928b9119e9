// CogVideoXDDIMScheduler: its levels; the solver is not connected yet.
#pragma once

#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/betas.hpp>

namespace noisefall::diffusers {

// alpha_bar becomes alpha_bar / (k + (1 - k) alpha_bar), k = snr_shift_scale, before it is rescaled to zero terminal
// SNR.
struct cogvideox_ddim_class {
  static constexpr std::string_view class_name = "CogVideoXDDIMScheduler";

  beta_fields betas{.start = 0.00085, .end = 0.012, .schedule = "scaled_linear"};
  double snr_shift_scale = 3;

  explicit cogvideox_ddim_class(const fields& f) {
    betas.read(f, true);
    snr_shift_scale = f.number("snr_shift_scale", 3, positive);
  }

  std::vector<double> alphas_cumprod() const {
    std::vector<double> bars = noisefall::alphas_cumprod(betas.values());
    for (double& bar : bars) bar /= snr_shift_scale + (1 - snr_shift_scale) * bar;
    if (!betas.zero_snr) return bars;
    const double first = std::sqrt(bars.front()), last = std::sqrt(bars.back());
    for (double& bar : bars) {
      const double root = (std::sqrt(bar) - last) * (first / (first - last));
      bar = root * root;
    }
    return bars;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, class_name);
  }

  friend bool operator==(const cogvideox_ddim_class&, const cogvideox_ddim_class&) = default;
};

}  // namespace noisefall::diffusers
