// The schedule whose log signal-to-noise ratio is spread as a Laplace distribution.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/betas.hpp>
#include <noisefall/schedule/discrete.hpp>

namespace noisefall {

// beta_i = min(1 - f((i + 1) / N) / f(i / N), 0.999), f(u) = snr / (1 + snr) with ln(snr) = -sgn(1/2 - u) / 2
// ln(1 - 2 |1/2 - u| + 1e-6): quantiles of the Laplace distribution of mean 0 and scale 1/2, section 3.2 of the paper.
// diffusers' DDPM ("laplace") takes the square root of that f for alpha_bar, which is less noise everywhere: as_root.
// laplace{} or laplace{{.as_root = true}}. t is a real index in [0, train_steps - 1].
class laplace : public discrete_schedule {
 public:
  static constexpr std::string_view name = "laplace";
  static constexpr std::string_view reference = papers::improved_noise_schedule;

  // What the table is made of.
  struct settings {
    std::size_t train_steps = 1000;
    bool as_root = false;  // diffusers' numbers
    between rule = between::log_sigma;

    void check() const { require(train_steps >= 1, name, "train_steps: 0", "1 or more"); }
  };

  laplace() : laplace{settings{}} {}
  explicit laplace(const settings& s) : discrete_schedule{table(s), s.rule} {}

 private:
  static std::vector<double> table(const settings& s) {
    s.check();
    return noisefall::alphas_cumprod(betas::laplace(s.train_steps, s.as_root));
  }
};

}  // namespace noisefall
