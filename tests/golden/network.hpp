// The networks of the recorded runs: an exact Gaussian mixture, and a formula without meaning.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/schedule/noise_level.hpp>

namespace noisefall::golden {

// p(x0) = sum_k w_k N(mu_k, std_k^2 I): what a perfect network answers at y = alpha * x0 + sigma * eps.
class mixture {
 public:
  explicit mixture(const nlohmann::json& description);
  std::size_t size() const { return size_; }

  struct answer {
    std::vector<double> x0, eps;
  };
  answer at(std::span<const double> y, const noise_level& level) const;

 private:
  std::size_t size_;
  std::vector<double> weights_, deviations_;
  std::vector<std::vector<double>> means_;
};

// What the output means, in the words of the format.
struct output_rule {
  enum class kind { eps, x0, v, flow, edm, consistency } what = kind::eps;
  double sigma_data = 0.5, sign = 1, sigma_min = 0;  // edm, consistency
  std::string learned;                               // "learned", "learned_range": as many columns of variance follow
};

// Of a diffusers class.
output_rule rule_of(const std::string& class_name, const nlohmann::json& config);

// The output for one batch. `x` [B, d] is the state before any scaling, `scaled` what the network is fed.
// With a mixture: by the rule at `level`; without: scaled * t / (t + 1).
struct network {
  const mixture* exact = nullptr;
  output_rule rule;

  std::size_t columns(std::size_t size) const { return rule.learned.empty() ? size : 2 * size; }
  void answer(std::span<const double> x, std::span<const double> scaled, std::size_t size, const noise_level& level,
              double t, std::span<double> out) const;
};

}  // namespace noisefall::golden
