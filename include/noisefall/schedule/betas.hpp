// The beta tables that discrete networks were trained with, and the products made from them.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>
#include <vector>

#include <noisefall/core/error.hpp>

namespace noisefall {

// Each function gives n values beta_i, i = 0 .. n - 1, in double. alpha_bar_i = prod over j <= i of (1 - beta_j).
namespace betas {

// (b1 - b0) i / (n - 1) + b0, the last exactly b1.
inline std::vector<double> linear(std::size_t n, double b0 = 1e-4, double b1 = 0.02) {
  require(n >= 1, "betas", "train_steps: 0", "1 or more");
  const double step = n > 1 ? (b1 - b0) / static_cast<double>(n - 1) : 0;
  std::vector<double> table(n);
  for (std::size_t i = 0; i < n; ++i) table[i] = static_cast<double>(i) * step + b0;
  if (n > 1) table.back() = b1;
  return table;
}

// linear(sqrt(b0), sqrt(b1))^2, arXiv:2112.10752.
inline std::vector<double> scaled_linear(std::size_t n, double b0 = 0.00085, double b1 = 0.012) {
  std::vector<double> table = linear(n, std::sqrt(b0), std::sqrt(b1));
  for (double& b : table) b *= b;
  return table;
}

// b0 + (b1 - b0) / (1 + e^-s), s from -6 to 6 (GeoDiff).
inline std::vector<double> sigmoid(std::size_t n, double b0 = 1e-4, double b1 = 0.02) {
  std::vector<double> table = linear(n, -6, 6);
  for (double& b : table) b = (b1 - b0) / (1 + std::exp(-b)) + b0;
  return table;
}

// min(1 - f((i + 1) / n) / f(i / n), max_beta) for a falling f(u), u in [0, 1].
template <class AlphaBar>
std::vector<double> from_alpha_bar(std::size_t n, const AlphaBar& f, double max_beta = 0.999) {
  require(n >= 1, "betas", "train_steps: 0", "1 or more");
  std::vector<double> table(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double u0 = static_cast<double>(i) / static_cast<double>(n),
                 u1 = static_cast<double>(i + 1) / static_cast<double>(n);
    table[i] = std::fmin(1 - f(u1) / f(u0), max_beta);
  }
  return table;
}

// f(u) = cos^2((u + 0.008) / 1.008 pi / 2), arXiv:2102.09672 eq. 17; also known as squaredcos_cap_v2.
inline std::vector<double> cosine(std::size_t n) {
  return from_alpha_bar(n, [](double u) {
    const double c = std::cos((u + 0.008) / 1.008 * std::numbers::pi / 2);
    return c * c;
  });
}

// f(u) = e^(-12 u).
inline std::vector<double> exp(std::size_t n) {
  return from_alpha_bar(n, [](double u) { return std::exp(u * -12); });
}

// f(u) = snr / (1 + snr) with ln(snr) = -sgn(1/2 - u) ln(1 - 2 |1/2 - u| + 1e-6) / 2, arXiv:2407.03297; as_root: the
// square root of it, which diffusers takes for alpha_bar.
inline std::vector<double> laplace(std::size_t n, bool as_root = true) {
  return from_alpha_bar(n, [as_root](double u) {
    const double log_snr = -0.5 * std::copysign(1.0, 0.5 - u) * std::log(1 - 2 * std::abs(0.5 - u) + 1e-6);
    const double snr = std::exp(log_snr), bar = snr / (1 + snr);
    return as_root ? std::sqrt(bar) : bar;
  });
}

// b1, but over the first floor(share n) indices evenly from b0 to b1 (DDPM's code: const, warmup10, warmup50).
inline std::vector<double> warmup(std::size_t n, double share, double b0 = 1e-4, double b1 = 0.02) {
  require(n >= 1, "betas", "train_steps: 0", "1 or more");
  std::vector<double> table(n, b1);
  const std::size_t rising = static_cast<std::size_t>(static_cast<double>(n) * share);
  if (rising == 0) return table;
  const std::vector<double> rise = linear(rising, b0, b1);
  for (std::size_t i = 0; i < rising; ++i) table[i] = rise[i];
  return table;
}

}  // namespace betas

// alpha_bar_i = prod over j <= i of (1 - beta_j).
inline std::vector<double> alphas_cumprod(std::vector<double> betas) {
  double product = 1;
  for (double& b : betas) b = product *= 1 - b;
  return betas;
}

// Betas whose last alpha_bar is exactly 0: r = sqrt(alpha_bar) becomes (r - r_last) r_first / (r_first - r_last).
// arXiv:2305.08891 algorithm 1. Needs two betas or more.
inline std::vector<double> rescale_zero_terminal_snr(const std::vector<double>& betas) {
  require(betas.size() >= 2, "rescale_zero_terminal_snr", {betas.size(), " betas"}, "two or more");
  std::vector<double> bars = alphas_cumprod(betas);
  const double first = std::sqrt(bars.front()), last = std::sqrt(bars.back());
  const double scale = first / (first - last);
  for (double& bar : bars) {
    const double root = (std::sqrt(bar) - last) * scale;
    bar = root * root;
  }
  std::vector<double> rescaled(bars.size());
  rescaled[0] = 1 - bars[0];
  for (std::size_t i = 1; i < bars.size(); ++i) rescaled[i] = 1 - bars[i] / bars[i - 1];
  return rescaled;
}

}  // namespace noisefall
