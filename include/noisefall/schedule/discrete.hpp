// A schedule given by a table: alpha_bar at the indices 0 .. N - 1 that a network was trained on.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/schedule/betas.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/level_at_rho.hpp>

namespace noisefall {

// What is linear in t between two indices.
//   log_sigma  ln(sigma / alpha)       k-diffusion, ComfyUI
//   sigma      sigma / alpha           diffusers' numpy.interp
//   log_alpha  ln(alpha)               the official DPM-Solver
// Where the last level has alpha = 0 these are infinite there, and alpha itself is linear in the last interval.
enum class between : std::uint8_t { log_sigma, sigma, log_alpha };

// A schedule with levels at the integers 0 .. steps() - 1; steps() is 0 where a type-erased schedule has no table.
template <class S>
concept DiscreteSchedule = NoiseSchedule<S> && requires(const S& s) {
  { s.steps() } -> std::convertible_to<std::size_t>;
};

// alpha = sqrt(alpha_bar), sigma = sqrt(1 - alpha_bar) at index t = 0 .. N - 1, and in between by a rule. t is a real
// index. Copies share one table. alpha_bar falls strictly inside (0, 1); the last may be 0 (zero terminal SNR): alpha
// 0, sigma 1.
class discrete_schedule {
 public:
  static constexpr std::string_view name = "discrete";

  explicit discrete_schedule(std::vector<double> alphas_cumprod, between rule = between::log_sigma)
      : table_{new table(std::move(alphas_cumprod), rule)} {}

  // The level at t, exact at integers; t is clamped to [0, N - 1].
  noise_level at(double t) const {
    const double clamped = std::min(std::max(0.0, t), t_max());  // NaN becomes 0
    const std::size_t low = static_cast<std::size_t>(clamped);
    const double weight = clamped - static_cast<double>(low);
    if (weight == 0) {
      const double bar = alpha_cumprod(low);
      return {clamped, std::sqrt(bar), std::sqrt(1 - bar)};
    }
    const std::vector<double>& keys = table_->keys;
    if (std::isinf(keys[low + 1])) {
      const double alpha = (1 - weight) * std::sqrt(alpha_cumprod(low));
      return {clamped, alpha, std::sqrt(1 - alpha * alpha)};
    }
    const double key = (1 - weight) * keys[low] + weight * keys[low + 1];
    return variance_preserving_level(clamped, rho_of(key));
  }

  // The real index with log(alpha / sigma) = lambda, the reverse of at(); clamped to [0, N - 1].
  double time_of(double lambda) const {
    const std::vector<double>& keys = table_->keys;
    const double key = key_of(lambda);
    if (!(key > keys.front())) return 0;
    if (key >= keys.back()) return t_max();
    const std::size_t high = static_cast<std::size_t>(std::upper_bound(keys.begin(), keys.end(), key) - keys.begin());
    const std::size_t low = high - 1;
    if (std::isinf(keys[high])) {
      const double alpha = 1 / std::sqrt(1 + std::exp(-2 * lambda));
      return static_cast<double>(high) - alpha / std::sqrt(alpha_cumprod(low));
    }
    return static_cast<double>(low) + (key - keys[low]) / (keys[high] - keys[low]);
  }

  noise_level at_rho(double rho) const { return variance_preserving_level(time_of(-std::log(rho)), rho); }
  double t_min() const { return 0; }
  double t_max() const { return static_cast<double>(steps() - 1); }

  std::size_t steps() const { return table_->alphas_cumprod.size(); }
  double alpha_cumprod(std::size_t i) const { return table_->alphas_cumprod[i]; }
  std::span<const double> alphas_cumprod() const { return table_->alphas_cumprod; }
  between rule() const { return table_->rule; }

 private:
  struct table : counted {
    [[gnu::cold]] table(std::vector<double> bars, between by) : alphas_cumprod{std::move(bars)}, rule{by} {
      require(!alphas_cumprod.empty(), name, "an empty table", "one entry or more");
      double above = 1;
      for (std::size_t i = 0; i < alphas_cumprod.size(); ++i) {
        const double bar = alphas_cumprod[i];
        const bool zero_end = bar == 0 && i > 0 && i + 1 == alphas_cumprod.size();
        require(bar < above && (bar > 0 || zero_end), {"discrete: alphas_cumprod[", i, "]"}, {bar},
                "values that fall strictly inside (0, 1); the last may be 0");
        above = bar;
        keys.push_back(rule == between::log_alpha   ? -0.5 * std::log(bar)
                       : rule == between::log_sigma ? 0.5 * std::log((1 - bar) / bar)
                                                    : std::sqrt((1 - bar) / bar));
      }
    }
    std::vector<double> alphas_cumprod;
    between rule;
    std::vector<double> keys;  // what is linear in between, rising with the index
  };

  double rho_of(double key) const {
    switch (table_->rule) {
      case between::log_sigma:
        return std::exp(key);
      case between::sigma:
        return key;
      case between::log_alpha:
        break;
    }
    return std::sqrt(std::expm1(2 * key));
  }

  double key_of(double lambda) const {
    switch (table_->rule) {
      case between::log_sigma:
        return -lambda;
      case between::sigma:
        return std::exp(-lambda);
      case between::log_alpha:
        break;
    }
    return lambda > 0 ? 0.5 * std::log1p(std::exp(-2 * lambda)) : 0.5 * std::log1p(std::exp(2 * lambda)) - lambda;
  }

  shared<table> table_;
};

}  // namespace noisefall
