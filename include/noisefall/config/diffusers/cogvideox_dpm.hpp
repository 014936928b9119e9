// CogVideoXDPMScheduler.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/cogvideox_ddim.hpp>
#include <noisefall/solver/dpm_multistep.hpp>

namespace noisefall::diffusers {

// SDE-DPM-Solver++(2M) on the levels of CogVideoXDDIM, if the caller hands each step the last estimate and the last
// label, as diffusers' pipelines do; of order 1 where a step ends below index 0.
struct cogvideox_dpm_class {
  static constexpr std::string_view class_name = "CogVideoXDPMScheduler";

  cogvideox_ddim_class levels;

  explicit cogvideox_dpm_class(const fields& f) : levels{f} {}

  std::vector<double> alphas_cumprod() const { return levels.alphas_cumprod(); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    return table_levels(alphas_cumprod(), timesteps, class_name);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "eta", "use_clipped_model_output"});
    diffusers_setup s = levels.setup(a);
    s.solver = dpm_multistep{.tau_squared = 1, .euler_at_final = s.path.back().t < 0};
    return s;
  }

  friend bool operator==(const cogvideox_dpm_class&, const cogvideox_dpm_class&) = default;
};

}  // namespace noisefall::diffusers
