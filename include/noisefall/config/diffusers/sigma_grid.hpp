// The sigmas and labels of a run, for the classes that count in sigma: shared switches, re-gridding, final value.
#pragma once

#include <algorithm>
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
#include <noisefall/schedule/noise_level.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall::diffusers {

// sigmas[i] is where call i stands; one more than labels, the end of the run.
struct sigma_grid {
  std::vector<double> sigmas, labels;
};

// use_karras_sigmas and its kin. sigma_min and sigma_max are read even where the class does not list them, as diffusers
// does for every key of the file.
struct sigma_switches {
  bool karras = false, exponential = false, beta = false;
  bool lu = false, flow = false;
  double flow_shift = 1;
  std::optional<double> sigma_min, sigma_max;

  void read(const fields& f, bool has_lu, bool has_flow) {
    karras = f.boolean("use_karras_sigmas", false);
    exponential = f.boolean("use_exponential_sigmas", false);
    beta = f.boolean("use_beta_sigmas", false);
    if (karras + exponential + beta > 1)
      f.refuse(beta ? "use_beta_sigmas" : "use_exponential_sigmas", "set together with another of its kind",
               "at most one of use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas");
    if (has_lu) lu = f.boolean("use_lu_lambdas", false);
    if (has_flow) flow = f.boolean("use_flow_sigmas", false);
    if (has_flow) flow_shift = f.number("flow_shift", 1, positive);
    sigma_min = f.maybe_number("sigma_min", positive);
    sigma_max = f.maybe_number("sigma_max", positive);
    if (sigma_min && sigma_max && *sigma_min >= *sigma_max)
      f.refuse("sigma_min", "a number below sigma_max, " + std::to_string(*sigma_max));
  }

  bool regrids() const { return karras || exponential || beta; }

  // Karras, exponential or beta between the ends of `sigmas` (noisiest first), or between sigma_min and sigma_max.
  std::vector<double> regrid(std::span<const double> sigmas, std::size_t n) const {
    const double lo = sigma_min.value_or(sigmas.back()), hi = sigma_max.value_or(sigmas.front());
    if (karras) return karras_ramp(n, lo, hi);
    if (exponential) return exponential_ramp(n, lo, hi);
    return beta_ramp(n, lo, hi);
  }

  // alpha and sigma of what the class calls sigma.
  noise_level level(double sigma, double label) const {
    if (flow) return {label, 1 - sigma, sigma};
    const double alpha = 1 / std::sqrt(sigma * sigma + 1);
    return {label, alpha, sigma * alpha};
  }

  friend bool operator==(const sigma_switches&, const sigma_switches&) = default;
};

// A table of sigmas at the training indices, cleanest first.
struct sigma_table {
  explicit sigma_table(std::vector<double> values) : sigmas{std::move(values)} {
    for (const double s : sigmas) log_sigmas.push_back(std::log(s));
  }

  // numpy.interp: linear between indices, clamped.
  double at(double index) const {
    const double last = static_cast<double>(sigmas.size() - 1), i = std::clamp(index, 0.0, last);
    const std::size_t low = static_cast<std::size_t>(i);
    if (low + 1 == sigmas.size()) return sigmas.back();
    return (sigmas[low + 1] - sigmas[low]) * (i - static_cast<double>(low)) + sigmas[low];
  }
  std::vector<double> at(const std::vector<double>& indices) const {
    std::vector<double> values;
    values.reserve(indices.size());
    for (const double i : indices) values.push_back(at(i));
    return values;
  }

  std::vector<double> noisiest_first() const { return {sigmas.rbegin(), sigmas.rend()}; }

  // The label of each sigma: its index, rounded to an integer or not.
  std::vector<double> labels(const std::vector<double>& of, bool rounded) const {
    std::vector<double> result;
    for (const double s : of) {
      const double index = index_of(s);
      result.push_back(rounded ? std::nearbyint(index) : index);
    }
    return result;
  }

  // As sigma_to_index, for tables that need not rise at their noisy end (rescale_betas_zero_snr): the last entry that
  // is not above counts.
  double index_of(double sigma) const {
    if (log_sigmas.size() == 1) return 0;
    const double wanted = std::log(std::max(sigma, 1e-10));
    std::size_t low = 0;
    for (std::size_t i = 0; i < log_sigmas.size(); ++i)
      if (log_sigmas[i] <= wanted) low = i;
    low = std::min(low, log_sigmas.size() - 2);
    const double weight = std::clamp((log_sigmas[low] - wanted) / (log_sigmas[low] - log_sigmas[low + 1]), 0.0, 1.0);
    return (1 - weight) * static_cast<double>(low) + weight * static_cast<double>(low + 1);
  }

  std::vector<double> sigmas, log_sigmas;
};

// Labels that the class casts to integers lose their fraction.
inline void drop_fractions(std::vector<double>& labels) {
  for (double& l : labels) l = std::trunc(l);
}

// Legs from one sigma of a grid to the next. `level(sigma, label)` gives alpha and sigma.
template <class Level>
trajectory path_of(const sigma_grid& grid, Level level) {
  std::vector<leg> legs;
  for (std::size_t i = 0; i < grid.labels.size(); ++i) {
    const double next = i + 1 < grid.labels.size() ? grid.labels[i + 1] : 0;
    legs.push_back({level(grid.sigmas[i], grid.labels[i]), level(grid.sigmas[i + 1], next), grid.labels[i]});
  }
  return {std::move(legs), trajectory_kind::compat};
}

// The position of a label in a list: the second one where it occurs twice (so that a start in the middle skips no
// sigma); where it does not occur, the last position, or an error.
inline std::size_t position_of(double label, const std::vector<double>& labels, bool last_if_absent,
                               std::string_view class_name) {
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (std::abs(labels[i] - label) > 1e-9 * std::max(1.0, std::abs(label))) continue;
    if (first) return i;
    first = i;
  }
  require(first || last_if_absent, class_name, "timestep " + std::to_string(label) + " is none of this run's",
          "one of its labels");
  return first.value_or(labels.size() - 1);
}

// The levels that add_noise uses for labels of a run.
template <class Level>
std::vector<noise_level> grid_levels(const sigma_grid& grid, std::span<const double> labels, bool last_if_absent,
                                     std::string_view class_name, Level level) {
  std::vector<noise_level> levels;
  for (const double t : labels)
    levels.push_back(level(grid.sigmas[position_of(t, grid.labels, last_if_absent, class_name)], t));
  return levels;
}

// x0 + sigma * eps, as the classes after k-diffusion count.
inline noise_level exploding_level(double sigma, double label) { return {label, 1, sigma}; }

}  // namespace noisefall::diffusers
