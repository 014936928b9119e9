// The scaled linear schedule of latent diffusion (Stable Diffusion).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/betas.hpp>
#include <noisefall/schedule/discrete.hpp>

namespace noisefall {

// sqrt(beta_i) evenly from sqrt(beta_start) to sqrt(beta_end), alpha_bar_i = prod over j <= i of (1 - beta_j),
// alpha = sqrt(alpha_bar). scaled_linear{} or scaled_linear{{.beta_end = 0.014}}. t is a real index in
// [0, train_steps - 1].
class scaled_linear : public discrete_schedule {
 public:
  static constexpr std::string_view name = "scaled_linear";
  static constexpr std::string_view reference = papers::latent_diffusion;

  // What the table is made of.
  struct settings {
    double beta_start = 0.00085;  // in (0, 1)
    double beta_end = 0.012;      // in (0, 1), at least beta_start
    std::size_t train_steps = 1000;
    between rule = between::log_sigma;

    void check() const {
      require(beta_start > 0 && beta_start <= beta_end && beta_end < 1, name,
              {"beta_start: ", beta_start, ", beta_end: ", beta_end}, "0 < beta_start <= beta_end < 1");
      require(train_steps >= 1, name, "train_steps: 0", "1 or more");
    }
  };

  scaled_linear() : scaled_linear{settings{}} {}
  explicit scaled_linear(const settings& s) : discrete_schedule{table(s), s.rule} {}

 private:
  static std::vector<double> table(const settings& s) {
    s.check();
    return noisefall::alphas_cumprod(betas::scaled_linear(s.train_steps, s.beta_start, s.beta_end));
  }
};

}  // namespace noisefall
