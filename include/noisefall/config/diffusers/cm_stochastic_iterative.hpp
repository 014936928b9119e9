// CMStochasticIterativeScheduler.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/edm_grid.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/solver/consistency_multistep.hpp>

namespace noisefall::diffusers {

// The consistency function: D = c_skip x + c_out F, which is x at sigma_min.
struct consistency_precond {
  double sigma_data, sigma_min;

  affine to_x0(const noise_level& at) const {
    const double away = at.sigma - sigma_min, s2 = sigma_data * sigma_data;
    return {s2 / (away * away + s2), away * sigma_data / std::hypot(at.sigma, sigma_data)};
  }
  affine to_eps(const noise_level& at) const {
    const affine x0 = to_x0(at);
    return {(1 - x0.x) / at.sigma, -x0.out / at.sigma};
  }
  double input_scale(const noise_level& at) const { return 1 / std::hypot(at.sigma, sigma_data); }
  double label(const noise_level& at) const { return 1000 * 0.25 * std::log(at.sigma + 1e-44); }
};

// A step ends with the noise sqrt(sigma^2 - sigma_min^2) * s_noise of the next sigma. Labels are 250 ln(sigma +
// 1e-44); the sigmas are Karras' at whole positions of a ramp of num_train_timesteps.
struct cm_stochastic_iterative_class {
  static constexpr std::string_view class_name = "CMStochasticIterativeScheduler";

  edm_fields edm_field;
  std::size_t train_steps = 40;
  double s_noise = 1;
  bool clip = true;

  explicit cm_stochastic_iterative_class(const fields& f) {
    edm_field.read(f);
    edm_field.schedule = "karras";
    s_noise = f.number("s_noise", 1, not_negative);
    clip = f.boolean("clip_denoised", true);
    train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 40, 2, 1000000));
    edm_field.train_steps = train_steps;
  }

  sigma_grid grid(const diffusers_arguments& a) const {
    a.one_of(class_name, a.timesteps, "timesteps");
    std::vector<double> ramp;
    if (a.timesteps) {
      ramp.assign(a.timesteps->rbegin(), a.timesteps->rend());
    } else {
      const std::size_t n = a.steps(class_name, train_steps), stride = train_steps / n;
      for (std::size_t i = 0; i < n; ++i) ramp.push_back(static_cast<double>(i * stride));
    }
    for (double& r : ramp) r /= static_cast<double>(train_steps - 1);
    sigma_grid g{.sigmas = edm_field.sigmas(ramp), .labels = {}};
    for (const double s : g.sigmas) g.labels.push_back(precond().label(exploding_level(s, s)));
    g.sigmas.push_back(edm_field.sigma_min);
    return g;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, exploding_level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "timesteps"});
    const sigma_grid g = grid(a);
    const double least = edm_field.sigma_min;
    std::vector<leg> legs;
    for (std::size_t i = 0; i < g.labels.size(); ++i) {
      const double next = std::clamp(g.sigmas[i + 1], least, edm_field.sigma_max);
      const double noise = s_noise * std::sqrt(next * next - least * least);
      legs.push_back({exploding_level(g.sigmas[i], g.sigmas[i]), exploding_level(noise, noise), g.labels[i]});
    }
    return {.solver = consistency_multistep{},
            .schedule = edm{.sigma_min = least, .sigma_max = edm_field.sigma_max},
            .path = {std::move(legs), trajectory_kind::compat},
            .parameterisation = precond(),
            .map = clip ? static_threshold() : threshold{},
            .init_noise_sigma = edm_field.sigma_max};
  }

  friend bool operator==(const cm_stochastic_iterative_class&, const cm_stochastic_iterative_class&) = default;

 private:
  consistency_precond precond() const { return {edm_field.sigma_data, edm_field.sigma_min}; }
};

}  // namespace noisefall::diffusers
