// DDPMWuerstchenScheduler.
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
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/schedule/wuerstchen.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/ddpm.hpp>
#include <noisefall/trajectory/ramps.hpp>

namespace noisefall::diffusers {

// DDPM's posterior between times in [0, 1], evenly from 1 to 0 unless they are given with their end. The network is fed
// the time. No noise in the step that ends at time 0, whose level still has sigma 0.01.
struct ddpm_wuerstchen_class {
  static constexpr std::string_view class_name = "DDPMWuerstchenScheduler";

  wuerstchen process;

  explicit ddpm_wuerstchen_class(const fields& f) {
    process.scaler = f.number("scaler", process.scaler, positive);
    process.s = f.number("s", process.s, positive);
  }

  std::vector<double> timesteps(const diffusers_arguments& a) const {
    a.one_of(class_name, a.timesteps, "timesteps");
    if (!a.timesteps) return linear_ramp(a.steps(class_name, 1000000) + 1, 1, 0);
    require(a.timesteps->size() >= 2, class_name, "timesteps: 1 entry", "two or more, the last one the end");
    for (std::size_t i = 0; i < a.timesteps->size(); ++i) {
      const double t = (*a.timesteps)[i];
      require(t >= 0 && t <= 1 && (i == 0 || t < (*a.timesteps)[i - 1]), class_name, "timesteps: " + std::to_string(t),
              "falling numbers from 1 to 0");
    }
    return *a.timesteps;
  }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments&) const {
    std::vector<noise_level> levels;
    for (const double t : timesteps) levels.push_back(process.at(t));
    return levels;
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "timesteps"});
    const std::vector<double> times = timesteps(a);
    std::vector<leg> legs;
    for (std::size_t i = 0; i + 1 < times.size(); ++i)
      legs.push_back({process.at(times[i]), process.at(times[i + 1]), times[i]});
    return {.solver = times.back() == 0 ? erased_solver{ddpm{}} : erased_solver{ddim{.eta = 1}},
            .schedule = process,
            .path = {std::move(legs), trajectory_kind::compat},
            .parameterisation = predicts_eps{},
            .map = {}};
  }

  friend bool operator==(const ddpm_wuerstchen_class& a, const ddpm_wuerstchen_class& b) {
    return a.process.scaler == b.process.scaler && a.process.s == b.process.s;
  }
};

}  // namespace noisefall::diffusers
