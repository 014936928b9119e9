// TCDScheduler: its levels; the solver is not connected yet.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/betas.hpp>

namespace noisefall::diffusers {

// Fields and defaults of TCDScheduler.
struct tcd_class {
  static constexpr std::string_view class_name = "TCDScheduler";

  beta_fields betas{.start = 0.00085, .end = 0.012, .schedule = "scaled_linear"};

  explicit tcd_class(const fields& f) { betas.read(f, true); }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod(); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, class_name);
  }

  friend bool operator==(const tcd_class&, const tcd_class&) = default;
};

}  // namespace noisefall::diffusers
