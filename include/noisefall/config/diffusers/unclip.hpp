// UnCLIPScheduler: its levels; the solver is not connected yet.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/betas.hpp>

namespace noisefall::diffusers {

// Fields and defaults of UnCLIPScheduler.
struct unclip_class {
  static constexpr std::string_view class_name = "UnCLIPScheduler";

  beta_fields betas{.schedule = "squaredcos_cap_v2"};

  explicit unclip_class(const fields& f) {
    betas.train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 1000, 1, 1000000));
    f.choice("beta_schedule", "squaredcos_cap_v2", {"squaredcos_cap_v2"});
  }

  std::vector<double> alphas_cumprod() const { return betas.alphas_cumprod(); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, class_name);
  }

  friend bool operator==(const unclip_class&, const unclip_class&) = default;
};

}  // namespace noisefall::diffusers
