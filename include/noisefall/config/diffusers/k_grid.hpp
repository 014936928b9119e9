// set_timesteps of the classes after k-diffusion: Euler, EulerAncestral, Heun, KDPM2, KDPM2Ancestral, LMS,
// DPMSolverSDE.
#pragma once

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/betas.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>
#include <noisefall/config/diffusers/spacing.hpp>

namespace noisefall::diffusers {

// The fields that the classes after k-diffusion share.
struct k_fields {
  beta_fields betas;
  spacing_fields spacing{.spacing = "linspace"};
  sigma_switches switches;

  void read(const fields& f, bool has_zero_snr,
            std::initializer_list<std::string_view> schedules = {"linear", "scaled_linear", "squaredcos_cap_v2"}) {
    betas.read(f, has_zero_snr, schedules);
    spacing.read(f);
    switches.read(f, false, false);
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod_for_sigmas(); }

  // Labels are indices that need not be whole (linspace is not rounded).
  std::vector<double> labels(std::size_t n) const {
    if (spacing.spacing != "linspace") return as_numbers(diffusers::labels(spacing, n, betas.train_steps));
    std::vector<double> rising = linear_ramp(n, 0, static_cast<double>(betas.train_steps - 1));
    return {rising.rbegin(), rising.rend()};
  }

  // n sigmas for labels that are given, or re-gridded between their ends; the 0 is not appended.
  sigma_grid grid(const sigma_table& table, std::vector<double> labels, bool rounds_karras) const {
    sigma_grid g{.sigmas = table.at(labels), .labels = {}};
    g.labels = std::move(labels);
    if (!switches.regrids()) return g;
    g.sigmas = switches.regrid(g.sigmas, g.sigmas.size());
    g.labels = table.labels(g.sigmas, rounds_karras && switches.karras);
    return g;
  }

  friend bool operator==(const k_fields&, const k_fields&) = default;
};

// Each entry after the first twice.
inline std::vector<double> doubled(const std::vector<double>& values) {
  std::vector<double> twice{values.front()};
  for (std::size_t i = 1; i < values.size(); ++i) twice.insert(twice.end(), 2, values[i]);
  return twice;
}

// The grid of Heun's two evaluations: each sigma and label after the first twice, the final sigma of 0 once.
inline sigma_grid of_two_evaluations(sigma_grid g) {
  g.sigmas.pop_back();
  g.sigmas = doubled(g.sigmas);
  g.sigmas.push_back(0);
  g.labels = doubled(g.labels);
  return g;
}

// The label between each two of a list.
inline std::vector<double> interleaved(const std::vector<double>& labels, const std::vector<double>& between) {
  std::vector<double> all{labels.front()};
  for (std::size_t i = 1; i < labels.size(); ++i) all.insert(all.end(), {between[i - 1], labels[i]});
  return all;
}

}  // namespace noisefall::diffusers
