// UniPCMultistepScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/clipping.hpp>
#include <noisefall/config/diffusers/dpm_grid.hpp>
#include <noisefall/config/diffusers/prediction.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/unipc_fields.hpp>
#include <noisefall/schedule/discrete.hpp>

namespace noisefall::diffusers {

// Thresholding acts in data prediction only; use_flow_sigmas has a rule of its own for sigmas, shifts and the first
// one.
struct unipc_multistep_class {
  static constexpr std::string_view class_name = "UniPCMultistepScheduler";

  beta_fields betas;
  spacing_fields spacing{.spacing = "linspace"};
  sigma_switches switches;
  threshold map;
  unipc_fields multistep;
  std::string final_type, time_shift;
  bool dynamic_shift = false;
  std::optional<double> shift_terminal;

  explicit unipc_multistep_class(const fields& f) {
    betas.read(f, true);
    spacing.read(f);
    switches.read(f, false, true);
    multistep.read(f, "epsilon");
    map = read_thresholding(f);
    if (!multistep.predict_x0) map.how = threshold::kind::none;
    final_type = read_final(f);
    dynamic_shift = f.boolean("use_dynamic_shifting", false);
    time_shift = f.choice("time_shift_type", "exponential", {"exponential", "linear"});
    shift_terminal =
        f.maybe_number("shift_terminal", {.low = 0, .high = 1, .open_high = true, .text = "a number in [0, 1)"});
    if (shift_terminal && !switches.flow) f.refuse("shift_terminal", "null, or use_flow_sigmas");
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod_for_sigmas(); }

  sigma_grid grid(const diffusers_arguments& a) const {
    require(!dynamic_shift || a.mu, class_name, "mu is missing", "mu, with use_dynamic_shifting");
    require(!a.sigmas || switches.flow, class_name, "sigmas are given", "sigmas only with use_flow_sigmas");
    require(!a.sigmas || !a.sigmas->empty(), class_name, "sigmas is empty", "one entry or more");
    const std::vector<double> bars = alphas_cumprod();
    const std::size_t n = a.sigmas ? a.sigmas->size() : a.steps(class_name, betas.train_steps);
    sigma_grid g;
    if (switches.flow && !switches.regrids()) {
      g = flow_grid(a, n);
    } else {
      const sigma_table table{a.sigmas ? *a.sigmas : sigmas_of(bars)};
      sigma_switches s = switches;
      s.flow = false;
      std::vector<double> plain;
      if (!s.regrids()) plain = as_numbers(points(spacing, n, betas.train_steps, betas.train_steps));
      g = dpm_grid(s, table, n, std::move(plain));
      if (switches.flow && switches.karras) {
        g.labels.clear();
        for (double& sigma : g.sigmas) {
          sigma /= sigma + 1;
          g.labels.push_back(sigma * static_cast<double>(betas.train_steps));
        }
      }
    }
    drop_fractions(g.labels);
    const bool plain = !switches.flow && !switches.regrids();
    g.sigmas.push_back(final_type == "zero" ? 0 : plain ? sigmas_of(bars).front() : g.sigmas.back());
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, true, class_name,
                       [this](double sigma, double label) { return switches.level(sigma, label); });
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "sigmas", "mu"});
    return {.solver = multistep.solver(),
            .schedule = discrete_schedule{betas.alphas_cumprod(), between::sigma},
            .path = path_of(grid(a), [this](double sigma, double label) { return switches.level(sigma, label); }),
            .parameterisation = parameterisation_of(multistep.prediction, switches.flow),
            .map = map};
  }

  friend bool operator==(const unipc_multistep_class&, const unipc_multistep_class&) = default;

 private:
  sigma_grid flow_grid(const diffusers_arguments& a, std::size_t n) const {
    const double train = static_cast<double>(betas.train_steps);
    sigma_grid g;
    if (a.sigmas) {
      g.sigmas = *a.sigmas;
    } else {
      g.sigmas = linear_ramp(n + 1, 1, 1 / train);
      g.sigmas.pop_back();
    }
    for (double& s : g.sigmas)
      s = !dynamic_shift                ? noisefall::time_shift(switches.flow_shift, s)
          : time_shift == "exponential" ? time_shift_exponential(*a.mu, s)
                                        : time_shift_linear(*a.mu, s);
    if (shift_terminal && *shift_terminal != 0) g.sigmas = stretch_to_terminal(std::move(g.sigmas), *shift_terminal);
    constexpr double away = 1e-6;  // "to avoid inf"
    if (std::abs(g.sigmas[0] - 1) < away) g.sigmas[0] -= away;
    for (const double s : g.sigmas) g.labels.push_back(s * train);
    return g;
  }
};

}  // namespace noisefall::diffusers
