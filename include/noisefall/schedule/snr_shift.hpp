// A discrete schedule with its signal-to-noise ratio divided by a constant (CogVideoX).
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/discrete.hpp>

namespace noisefall {

// alpha_bar / (scale + (1 - scale) alpha_bar), that is lambda - ln(scale) / 2. scale > 0; 1 changes nothing.
// Where the signal-to-noise ratio is also brought to zero, this comes first: zero_terminal_snr{snr_shift{...}}.
class snr_shift : public discrete_schedule {
 public:
  static constexpr std::string_view name = "snr_shift";
  static constexpr std::string_view reference = papers::cog_video_x;

  explicit snr_shift(const discrete_schedule& of, double scale = 3)
      : discrete_schedule{shifted(of, scale), of.rule()} {}

 private:
  static std::vector<double> shifted(const discrete_schedule& of, double scale) {
    require(scale > 0 && std::isfinite(scale), name, {"scale: ", scale}, "above 0");
    std::vector<double> bars(of.alphas_cumprod().begin(), of.alphas_cumprod().end());
    for (double& bar : bars) bar /= scale + (1 - scale) * bar;
    return bars;
  }
};

}  // namespace noisefall
