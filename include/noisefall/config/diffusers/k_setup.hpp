// What the classes after k-diffusion have in common besides their grid: states x0 + sigma * eps over a table.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/k_grid.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>

namespace noisefall::diffusers {

// The levels {index, 1, sigma} of a table: indices and sigmas between its entries are found as the classes do, linearly
// in sigma and in ln(sigma).
struct exploding_table {
  sigma_table table;

  noise_level at(double t) const { return exploding_level(table.at(t), t); }
  double time_of(double lambda) const { return table.index_of(std::exp(-lambda)); }
  noise_level at_rho(double rho) const { return exploding_level(rho, table.index_of(rho)); }
  double t_min() const { return 0; }
  double t_max() const { return static_cast<double>(table.sigmas.size() - 1); }
};

// A network trained on alpha^2 + sigma^2 = 1: it is fed x / sqrt(sigma^2 + 1).
struct fed_preserving {
  any_parameterisation meaning;

  affine to_x0(const noise_level& at) const { return meaning.to_x0(at); }
  affine to_eps(const noise_level& at) const { return meaning.to_eps(at); }
  double input_scale(const noise_level& at) const { return 1 / std::hypot(at.alpha, at.sigma); }
  double label(const noise_level& at) const { return at.t; }
};

// The standard deviation of the initial state.
inline double k_init_noise_sigma(const k_fields& k, std::span<const double> sigmas) {
  const double largest = *std::max_element(sigmas.begin(), sigmas.end());
  return k.spacing.spacing == "leading" ? std::sqrt(largest * largest + 1) : largest;
}

// `grid` has a label per step and one sigma more.
inline diffusers_setup k_setup(const k_fields& k, const sigma_grid& grid, const std::string& prediction,
                               erased_solver solver, const threshold& map = {}) {
  return {.solver = std::move(solver),
          .schedule = exploding_table{sigma_table{sigmas_of(k.alphas_cumprod())}},
          .path = path_of(grid, exploding_level),
          .parameterisation = fed_preserving{parameterisation_of(prediction, false)},
          .map = map,
          .init_noise_sigma = k_init_noise_sigma(k, grid.sigmas)};
}

}  // namespace noisefall::diffusers
