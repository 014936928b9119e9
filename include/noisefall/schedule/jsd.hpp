// The schedule that takes away an equal share of the signal's power at every index.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/discrete.hpp>

namespace noisefall {

// beta_i = 1 / (N - i), so that alpha_bar_i = (N - 1 - i) / N, exactly; alpha = sqrt(alpha_bar) ("jsd" in DDPM's code,
// section 2.4.1 of the paper). The last index is pure noise, alpha 0: eps-prediction cannot start there. t is a real
// index in [0, train_steps - 1].
class jsd : public discrete_schedule {
 public:
  static constexpr std::string_view name = "jsd";
  static constexpr std::string_view reference = papers::thermodynamics;

  // What the table is made of.
  struct settings {
    std::size_t train_steps = 1000;  // 2 or more
    between rule = between::log_sigma;

    void check() const { require(train_steps >= 2, name, {"train_steps: ", train_steps}, "2 or more"); }
  };

  jsd() : jsd{settings{}} {}
  explicit jsd(const settings& s) : discrete_schedule{table(s), s.rule} {}

 private:
  static std::vector<double> table(const settings& s) {
    s.check();
    std::vector<double> bars;
    for (std::size_t left = s.train_steps; left-- > 0;)
      bars.push_back(static_cast<double>(left) / static_cast<double>(s.train_steps));
    return bars;
  }
};

}  // namespace noisefall
