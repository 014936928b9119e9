// The beta schedule of a file: its fields, and the table of alpha_bar made from them.
#pragma once

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/fields.hpp>
#include <noisefall/schedule/betas.hpp>
#include <noisefall/schedule/noise_level.hpp>

namespace noisefall::diffusers {

// The fields from which most classes make their table of alphas_cumprod.
struct beta_fields {
  std::size_t train_steps = 1000;
  double start = 1e-4, end = 0.02;
  std::string schedule = "linear";
  std::optional<std::vector<double>> trained{};
  bool zero_snr = false;

  // Reads over the class's own defaults. `zero_snr` belongs to some classes only.
  void read(const fields& f, bool has_zero_snr,
            std::initializer_list<std::string_view> schedules = {"linear", "scaled_linear", "squaredcos_cap_v2"}) {
    constexpr number_range beta{.low = 0, .high = 1, .open_low = true, .open_high = true, .text = "a number in (0, 1)"};
    train_steps =
        static_cast<std::size_t>(f.integer("num_train_timesteps", static_cast<long>(train_steps), 1, 1000000));
    start = f.number("beta_start", start, beta);
    end = f.number("beta_end", end, beta);
    schedule = f.choice("beta_schedule", schedule, schedules);
    trained = f.numbers("trained_betas", beta);
    if (trained && trained->size() != train_steps)
      f.refuse("trained_betas", std::to_string(trained->size()) + " numbers",
               std::to_string(train_steps) + ", as many as num_train_timesteps");
    if (has_zero_snr) zero_snr = f.boolean("rescale_betas_zero_snr", false);
    if (zero_snr && train_steps < 2) f.refuse("num_train_timesteps", "2 or more with rescale_betas_zero_snr");
  }

  std::vector<double> values() const {
    if (trained) return *trained;
    if (schedule == "scaled_linear") return betas::scaled_linear(train_steps, start, end);
    if (schedule == "squaredcos_cap_v2") return betas::cosine(train_steps);
    if (schedule == "sigmoid") return betas::sigmoid(train_steps, start, end);
    if (schedule == "laplace") return betas::laplace(train_steps);
    if (schedule == "exp") return betas::exp(train_steps);
    return betas::linear(train_steps, start, end);
  }

  std::vector<double> alphas_cumprod() const {
    return noisefall::alphas_cumprod(zero_snr ? rescale_zero_terminal_snr(values()) : values());
  }
  // The same for the classes that count in sigma: with zero_snr the last is 2^-24, "close to 0 without being 0".
  std::vector<double> alphas_cumprod_for_sigmas() const {
    std::vector<double> bars = alphas_cumprod();
    if (zero_snr) bars.back() = std::ldexp(1.0, -24);
    return bars;
  }

  friend bool operator==(const beta_fields&, const beta_fields&) = default;
};

// The level of a table's entry; index -1 is the last entry, as in Python.
inline noise_level table_level(const std::vector<double>& alphas_cumprod, long index, std::string_view class_name) {
  const long n = static_cast<long>(alphas_cumprod.size());
  require(index >= -n && index < n, class_name, "timestep " + std::to_string(index),
          "below num_train_timesteps, " + std::to_string(n));
  const double bar = alphas_cumprod[static_cast<std::size_t>(index < 0 ? index + n : index)];
  return {static_cast<double>(index), std::sqrt(bar), std::sqrt(1 - bar)};
}

// The levels that add_noise uses in the classes that look labels up in the table.
inline std::vector<noise_level> table_levels(const std::vector<double>& alphas_cumprod, std::span<const double> labels,
                                             std::string_view class_name) {
  std::vector<noise_level> levels;
  for (const double t : labels) {
    require(t == std::floor(t) && std::abs(t) < 1e9, class_name, "timestep " + std::to_string(t), "a whole number");
    levels.push_back(table_level(alphas_cumprod, static_cast<long>(t), class_name));
  }
  return levels;
}

// sqrt((1 - alpha_bar) / alpha_bar), which diffusers and k-diffusion call sigma.
inline std::vector<double> sigmas_of(const std::vector<double>& alphas_cumprod) {
  std::vector<double> sigmas;
  sigmas.reserve(alphas_cumprod.size());
  for (const double bar : alphas_cumprod) sigmas.push_back(std::sqrt((1 - bar) / bar));
  return sigmas;
}

}  // namespace noisefall::diffusers
