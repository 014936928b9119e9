// The cosine schedule of improved DDPM (squaredcos_cap_v2).
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/betas.hpp>
#include <noisefall/schedule/discrete.hpp>

namespace noisefall {

// beta_i = min(1 - f((i + 1) / N) / f(i / N), 0.999), f(u) = cos^2((u + 0.008) / 1.008 pi / 2), alpha_bar_i = prod over
// j <= i of (1 - beta_j), alpha = sqrt(alpha_bar). cosine{} or cosine{{.train_steps = 4000}}. t is a real index in
// [0, train_steps - 1]; sigma / alpha reaches about 2e4 at the noisy end of 1000.
class cosine : public discrete_schedule {
 public:
  static constexpr std::string_view name = "cosine";
  static constexpr std::string_view reference = papers::improved_ddpm;

  // What the table is made of.
  struct settings {
    std::size_t train_steps = 1000;
    between rule = between::log_sigma;

    void check() const { require(train_steps >= 1, name, "train_steps: 0", "1 or more"); }
  };

  cosine() : cosine{settings{}} {}
  explicit cosine(const settings& s) : discrete_schedule{table(s), s.rule} {}

 private:
  static std::vector<double> table(const settings& s) {
    s.check();
    return noisefall::alphas_cumprod(betas::cosine(s.train_steps));
  }
};

}  // namespace noisefall
