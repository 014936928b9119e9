// The linear schedule of DDPM.
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

// beta_i evenly from beta_start to beta_end, alpha_bar_i = prod over j <= i of (1 - beta_j), alpha = sqrt(alpha_bar).
// linear{} or linear{{.beta_start = 1e-4, .beta_end = 0.02}}. t is a real index in [0, train_steps - 1].
class linear : public discrete_schedule {
 public:
  static constexpr std::string_view name = "linear";
  static constexpr std::string_view reference = papers::ddpm;

  // What the table is made of.
  struct settings {
    double beta_start = 1e-4;  // in (0, 1)
    double beta_end = 0.02;    // in (0, 1), at least beta_start
    std::size_t train_steps = 1000;
    between rule = between::log_sigma;

    void check() const {
      require(beta_start > 0 && beta_start <= beta_end && beta_end < 1, name,
              {"beta_start: ", beta_start, ", beta_end: ", beta_end}, "0 < beta_start <= beta_end < 1");
      require(train_steps >= 1, name, "train_steps: 0", "1 or more");
    }
  };

  linear() : linear{settings{}} {}
  explicit linear(const settings& s) : discrete_schedule{table(s), s.rule} {}

 private:
  static std::vector<double> table(const settings& s) {
    s.check();
    return noisefall::alphas_cumprod(betas::linear(s.train_steps, s.beta_start, s.beta_end));
  }
};

}  // namespace noisefall
