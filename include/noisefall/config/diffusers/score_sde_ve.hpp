// ScoreSdeVeScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/parameterisation/score.hpp>
#include <noisefall/schedule/ve.hpp>
#include <noisefall/solver/predictor_corrector.hpp>
#include <noisefall/trajectory/ramps.hpp>

namespace noisefall::diffusers {

// n times from 1 to sampling_eps, and n sigmas evenly in ln(sigma). At time t stand the sigma of index t (n - 1), rounded
// down, and a step to the sigma before it, before the first one 0; but what the network is fed is the sigma of time t
// itself. It predicts the score. correct_steps steps of Langevin dynamics at each time are as long as the means over the
// batch say: a sample depends on its neighbours, unless the solver's couples_batch is cleared. The last step is the mean,
// which is what the class's pipeline takes before it clamps to [0, 1].
struct score_sde_ve_class {
  static constexpr std::string_view class_name = "ScoreSdeVeScheduler";

  std::size_t train_steps = 2000, correct_steps = 1;
  double snr = 0.15, sigma_min = 0.01, sigma_max = 1348, sampling_eps = 1e-5;

  explicit score_sde_ve_class(const fields& f) {
    constexpr number_range inside{
        .low = 0, .high = 1, .open_low = true, .open_high = true, .text = "a number in (0, 1)"};
    train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 2000, 1, 1000000));
    snr = f.number("snr", snr, positive);
    sigma_min = f.number("sigma_min", sigma_min, positive);
    sigma_max = f.number("sigma_max", sigma_max, positive);
    if (sigma_min >= sigma_max) f.refuse("sigma_min", std::to_string(sigma_min), "a number below sigma_max");
    sampling_eps = f.number("sampling_eps", sampling_eps, inside);
    correct_steps = static_cast<std::size_t>(f.integer("correct_steps", 1, 0, 100));
  }

  // The sigmas of set_sigmas(n).
  std::vector<double> sigmas(std::size_t n) const {
    std::vector<double> made = linear_ramp(n, std::log(sigma_min), std::log(sigma_max));
    for (double& s : made) s = std::exp(s);
    return made;
  }

  // add_noise() takes indices of the sigmas.
  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    const std::vector<double> all = sigmas(a.num_inference_steps ? a.steps(class_name, 1000000) : train_steps);
    std::vector<noise_level> levels;
    for (const double t : timesteps) {
      require(t >= 0 && t < static_cast<double>(all.size()) && t == std::floor(t), class_name,
              "timestep " + std::to_string(t), "a whole number from 0 to " + std::to_string(all.size() - 1));
      levels.push_back({t, 1, all[static_cast<std::size_t>(t)]});
    }
    return levels;
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    const std::size_t n = a.steps(class_name, 1000000);
    const ve process{.sigma_min = sigma_min, .sigma_max = sigma_max};
    const std::vector<double> all = sigmas(n);
    std::vector<leg> legs;
    for (const double t : linear_ramp(n, 1, sampling_eps)) {
      const std::size_t i = static_cast<std::size_t>(t * static_cast<double>(n - 1));
      const double before = i == 0 ? 0 : all[i - 1];
      legs.push_back(
          {{t, 1, all[i]}, {i == 0 ? 0 : process.time_of(-std::log(before)), 1, before}, process.at(t).sigma});
    }
    return {.solver = predictor_corrector{.corrections = correct_steps, .snr = snr, .couples_batch = true},
            .schedule = process,
            .path = {std::move(legs), trajectory_kind::compat},
            .parameterisation = predicts_score{},
            .map = {},
            .init_noise_sigma = sigma_max};
  }

  friend bool operator==(const score_sde_ve_class&, const score_sde_ve_class&) = default;
};

}  // namespace noisefall::diffusers
