// The schedule whose alpha_bar falls exponentially ("exp" in diffusers).
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/betas.hpp>
#include <noisefall/schedule/discrete.hpp>

namespace noisefall {

// beta_i = min(1 - f((i + 1) / N) / f(i / N), 0.999), f(u) = e^(-12 u), so every beta is 1 - e^(-12 / N) and alpha_bar_i
// is e^(-12 (i + 1) / N). exponential_decay{} or exponential_decay{{.train_steps = 4000}}. t is a real index in
// [0, train_steps - 1].
class exponential_decay : public discrete_schedule {
 public:
  static constexpr std::string_view name = "exponential_decay";
  static constexpr std::string_view reference = papers::diffusers;

  // What the table is made of.
  struct settings {
    std::size_t train_steps = 1000;
    between rule = between::log_sigma;

    void check() const { require(train_steps >= 1, name, "train_steps: 0", "1 or more"); }
  };

  exponential_decay() : exponential_decay{settings{}} {}
  explicit exponential_decay(const settings& s) : discrete_schedule{table(s), s.rule} {}

 private:
  static std::vector<double> table(const settings& s) {
    s.check();
    return noisefall::alphas_cumprod(betas::exp(s.train_steps));
  }
};

}  // namespace noisefall
