// A discrete schedule stretched so that its last level is pure noise.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/betas.hpp>
#include <noisefall/schedule/discrete.hpp>

namespace noisefall {

// sqrt(alpha_bar) becomes (r - r_last) r_first / (r_first - r_last); the last alpha_bar is then `last`: exactly 0
// (alpha 0, sigma 1), or a small value where a sampler cannot start at alpha = 0 (diffusers' k-style samplers: 2^-24).
// Epsilon-prediction cannot start at alpha = 0; v- and x0-prediction can.
class zero_terminal_snr : public discrete_schedule {
 public:
  static constexpr std::string_view name = "zero_terminal_snr";
  static constexpr std::string_view reference = papers::zero_terminal_snr;

  explicit zero_terminal_snr(const discrete_schedule& of, double last = 0)
      : discrete_schedule{rescaled(of, last), of.rule()} {}

 private:
  static std::vector<double> rescaled(const discrete_schedule& of, double last) {
    std::vector<double> betas{1 - of.alpha_cumprod(0)};
    for (std::size_t i = 1; i < of.steps(); ++i) betas.push_back(1 - of.alpha_cumprod(i) / of.alpha_cumprod(i - 1));
    std::vector<double> bars = noisefall::alphas_cumprod(rescale_zero_terminal_snr(betas));
    bars.back() = last;
    return bars;
  }
};

}  // namespace noisefall
