// The schedule of one beta for every index, after a rise if there is one.
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

// beta_i = beta_end; over the first floor(warmup N) indices evenly from beta_start to beta_end instead. alpha_bar_i =
// prod over j <= i of (1 - beta_j), alpha = sqrt(alpha_bar). In DDPM's code "const" is warmup 0, "warmup10" 0.1 and
// "warmup50" 0.5. t is a real index in [0, train_steps - 1].
class constant_beta : public discrete_schedule {
 public:
  static constexpr std::string_view name = "constant_beta";
  static constexpr std::string_view reference = papers::ddpm;

  // What the table is made of.
  struct settings {
    double beta_start = 1e-4;  // in (0, 1), at most beta_end
    double beta_end = 0.02;    // in (0, 1)
    double warmup = 0;         // share of the indices, in [0, 1]
    std::size_t train_steps = 1000;
    between rule = between::log_sigma;

    void check() const {
      require(beta_start > 0 && beta_start <= beta_end && beta_end < 1, name,
              {"beta_start: ", beta_start, ", beta_end: ", beta_end}, "0 < beta_start <= beta_end < 1");
      require(warmup >= 0 && warmup <= 1, name, {"warmup: ", warmup}, "0 to 1");
      require(train_steps >= 1, name, "train_steps: 0", "1 or more");
    }
  };

  constant_beta() : constant_beta{settings{}} {}
  explicit constant_beta(const settings& s) : discrete_schedule{table(s), s.rule} {}

 private:
  static std::vector<double> table(const settings& s) {
    s.check();
    return noisefall::alphas_cumprod(betas::warmup(s.train_steps, s.warmup, s.beta_start, s.beta_end));
  }
};

}  // namespace noisefall
