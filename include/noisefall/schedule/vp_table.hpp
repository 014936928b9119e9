// A discrete table read as a continuous variance-preserving process, as the official DPM-Solver does.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/owner.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/level_at_rho.hpp>

namespace noisefall {

// Index i stands for t = (i + 1) / N; ln(alpha) is piecewise linear in t and goes on with the outermost slopes beyond
// both ends; sigma = sqrt(1 - alpha^2). Levels noisier than lambda_clip are cut off first, and N is what is left of the
// table. t in [1/N, 1]. A network trained on indices 0 .. 999 is fed 1000 (t - 1/N): label_scale 1000, label_offset
// -1000 / N.
class vp_table {
 public:
  static constexpr std::string_view name = "vp_table";
  static constexpr std::string_view reference = papers::dpm_solver;

  // alphas_cumprod: two values or more that fall strictly inside (0, 1).
  explicit vp_table(std::span<const double> alphas_cumprod, double lambda_clip = -5.1) {
    std::vector<double> logs;
    for (const double bar : alphas_cumprod) {
      const double log_alpha = 0.5 * std::log(bar);
      require(bar > 0 && bar < 1 && (logs.empty() || log_alpha < logs.back()),
              {"vp_table: alphas_cumprod[", logs.size(), "]"}, {bar}, "values that fall strictly inside (0, 1)");
      logs.push_back(log_alpha);
    }
    const auto lambda = [](double log_alpha) { return log_alpha - 0.5 * std::log(-std::expm1(2 * log_alpha)); };
    while (!logs.empty() && lambda(logs.back()) < lambda_clip) logs.pop_back();
    require(logs.size() >= 2, name, {logs.size(), " levels above lambda_clip"}, "two or more");
    table_ = shared<table>{new table{std::move(logs)}};
  }

  // t may lie beyond [1/N, 1]; below the t at which alpha = 1, the level is clean.
  noise_level at(double t) const {
    const std::vector<double>& logs = table_->log_alphas;
    const double position = t * static_cast<double>(length()) - 1;
    const double last = static_cast<double>(length() - 2);
    const double low = std::min(std::max(0.0, std::floor(position)), last);  // NaN becomes 0
    const std::size_t i = static_cast<std::size_t>(low);
    const double log_alpha = std::fmin(logs[i] + (position - low) * (logs[i + 1] - logs[i]), 0.0);
    return {t, std::exp(log_alpha), std::sqrt(-std::expm1(2 * log_alpha))};
  }

  double time_of(double lambda) const {
    const std::vector<double>& logs = table_->log_alphas;
    const double e = std::exp(-2 * std::abs(lambda));
    const double log_alpha = -0.5 * (lambda > 0 ? std::log1p(e) : std::log1p(e) - 2 * lambda);
    const auto below = std::upper_bound(logs.begin(), logs.end(), log_alpha, [](double a, double b) { return a > b; });
    const std::size_t found = static_cast<std::size_t>(below - logs.begin());
    const std::size_t i = std::min(found == 0 ? 0 : found - 1, length() - 2);
    const double position = static_cast<double>(i) + (log_alpha - logs[i]) / (logs[i + 1] - logs[i]);
    return (position + 1) / static_cast<double>(length());
  }

  noise_level at_rho(double rho) const { return variance_preserving_level(time_of(-std::log(rho)), rho); }
  double t_min() const { return 1 / static_cast<double>(length()); }
  double t_max() const { return 1; }
  // What is left of the table.
  std::size_t length() const { return table_->log_alphas.size(); }

 private:
  struct table : counted {
    explicit table(std::vector<double> logs) : log_alphas{std::move(logs)} {}
    std::vector<double> log_alphas;
  };
  shared<table> table_;
};

}  // namespace noisefall
