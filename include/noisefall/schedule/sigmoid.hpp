// The sigmoid schedule of GeoDiff.
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

// beta_i = beta_start + (beta_end - beta_start) / (1 + e^-s_i), s evenly from -6 to 6, alpha_bar_i = prod over j <= i of
// (1 - beta_j), alpha = sqrt(alpha_bar). sigmoid{} or sigmoid{{.beta_end = 0.01}}. t is a real index in
// [0, train_steps - 1].
class sigmoid : public discrete_schedule {
 public:
  static constexpr std::string_view name = "sigmoid";
  static constexpr std::string_view reference = papers::geo_diff;

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

  sigmoid() : sigmoid{settings{}} {}
  explicit sigmoid(const settings& s) : discrete_schedule{table(s), s.rule} {}

 private:
  static std::vector<double> table(const settings& s) {
    s.check();
    return noisefall::alphas_cumprod(betas::sigmoid(s.train_steps, s.beta_start, s.beta_end));
  }
};

}  // namespace noisefall
