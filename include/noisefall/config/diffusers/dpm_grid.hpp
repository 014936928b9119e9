// set_timesteps of the DPM-Solver kind: DPMSolverMultistep, its singlestep and inverse forms, DEIS, UniPC, SASolver.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/betas.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>
#include <noisefall/config/diffusers/spacing.hpp>

namespace noisefall::diffusers {

inline double read_lambda_min(const fields& f) {
  return f.number("lambda_min_clipped", -std::numeric_limits<double>::infinity());
}

// How many indices are left when those with lambda below the bound are cut off (lambda_min_clipped).
inline std::size_t usable(const std::vector<double>& alphas_cumprod, double lambda_min) {
  const auto below = std::count_if(alphas_cumprod.begin(), alphas_cumprod.end(), [&](double bar) {
    return std::log(std::sqrt(bar)) - std::log(std::sqrt(1 - bar)) < lambda_min;
  });
  require(static_cast<std::size_t>(below) < alphas_cumprod.size(), "/lambda_min_clipped",
          "leaves no level: " + std::to_string(lambda_min), "a number below the table's largest lambda");
  return alphas_cumprod.size() - static_cast<std::size_t>(below);
}

// use_flow_sigmas there: n values from shift(1 - 1/N) down, without the 0.
inline std::vector<double> dpm_flow_sigmas(std::size_t n, std::size_t train_steps, double shift) {
  const std::vector<double> alphas = linear_ramp(n + 1, 1, 1 / static_cast<double>(train_steps));
  std::vector<double> sigmas;
  for (std::size_t i = n; i > 0; --i) sigmas.push_back(time_shift(shift, 1 - alphas[i]));
  return sigmas;
}

// n sigmas from the top of the table or, without any switch, those of `plain`, the labels to start from.
// `rounds_karras`: whether Karras labels are rounded. The caller appends the last sigma.
inline sigma_grid dpm_grid(const sigma_switches& s, const sigma_table& table, std::size_t n, std::vector<double> plain,
                           bool rounds_karras = true) {
  sigma_grid g;
  if (s.karras) {
    g.sigmas = s.regrid(table.noisiest_first(), n);
    g.labels = table.labels(g.sigmas, rounds_karras);
  } else if (s.lu) {
    g.sigmas = lu_ramp(n, table.sigmas.front(), table.sigmas.back());
    g.labels = table.labels(g.sigmas, rounds_karras);
  } else if (s.regrids()) {
    g.sigmas = s.regrid(table.noisiest_first(), n);
    g.labels = table.labels(g.sigmas, false);
  } else if (s.flow) {
    g.sigmas = dpm_flow_sigmas(n, table.sigmas.size(), s.flow_shift);
    for (const double sigma : g.sigmas) g.labels.push_back(sigma * static_cast<double>(table.sigmas.size()));
  } else {
    g.sigmas = table.at(plain);
    g.labels = std::move(plain);
  }
  drop_fractions(g.labels);
  return g;
}

// final_sigmas_type: 0, or the table's cleanest sigma.
inline std::string read_final(const fields& f) { return f.choice("final_sigmas_type", "zero", {"zero", "sigma_min"}); }

// mu is flow_shift = e^mu, where the class was built for it.
inline double shift_from_mu(const diffusers_arguments& a, double flow_shift, bool dynamic,
                            const std::string& time_shift, std::string_view class_name) {
  if (!a.mu) return flow_shift;
  require(dynamic && time_shift == "exponential", class_name, "mu is given",
          "mu only with use_dynamic_shifting and time_shift_type exponential");
  return std::exp(*a.mu);
}

// Labels given by the caller; they exclude every switch that makes its own.
inline std::vector<double> given_labels(const std::vector<double>& timesteps, const sigma_switches& s,
                                        std::size_t train_steps, std::string_view class_name) {
  require(
      !s.regrids() && !s.lu && !s.flow, class_name, "timesteps are given",
      "timesteps without use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas, use_lu_lambdas, use_flow_sigmas");
  std::vector<double> labels = timesteps;
  drop_fractions(labels);
  for (const double t : labels)
    require(t >= 0 && t < static_cast<double>(train_steps), class_name, "timesteps: " + std::to_string(t),
            "0 to " + std::to_string(train_steps - 1));
  return labels;
}

}  // namespace noisefall::diffusers
