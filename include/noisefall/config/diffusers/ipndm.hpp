// IPNDMScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/parameterisation/v.hpp>
#include <noisefall/schedule/trigflow.hpp>
#include <noisefall/solver/adams.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/trajectory/ramps.hpp>

namespace noisefall::diffusers {

// pndm{.start = ramp} except for a first step from alpha = 0: diffusers divides the 0 that is
// left of the data by a floor of 1e-8, so only the noise is carried, x_t = sigma_t * eps, and that reading counts
// later.
struct ipndm_from_noise {
  static constexpr std::string_view name = "diffusers' IPNDM";

  int order() const { return 2; }
  std::size_t history() const { return 3; }
  void check() const {}

  step_plan plan(const step_window& window) const {
    step_plan p = look_at(window.at.from, quantity::eps);
    if (window.at.from.alpha > 0)
      p.result = adams::row_of(window, adams_coordinate::index, 4, true);
    else
      p.result.now[0] = window.at.to.sigma;
    return p;
  }
};

// A schedule of its own: sigma = sin^2(pi / 2 * u), alpha = sqrt(1 - sigma^2), u from 1 to 0, labels 2 / pi *
// atan(sigma / alpha); trained_betas are the sigmas of the run instead, one more than steps. The network predicts v.
struct ipndm_class {
  static constexpr std::string_view class_name = "IPNDMScheduler";

  std::size_t train_steps = 1000;
  std::optional<std::vector<double>> trained;

  explicit ipndm_class(const fields& f) {
    train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 1000, 1, 1000000));
    trained = f.numbers("trained_betas", {.low = 0, .high = 1, .text = "a number in [0, 1]"});
    if (trained && trained->size() < 2) f.refuse("trained_betas", "fewer than two", "a number per level of the run");
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    const std::vector<noise_level> levels = this->levels(a.steps(class_name, 1000000));
    std::vector<leg> legs;
    for (std::size_t i = 0; i + 1 < levels.size(); ++i) legs.push_back({levels[i], levels[i + 1], levels[i].t});
    return {.solver = ipndm_from_noise{},
            .schedule = trig_flow{.sigma_data = 1},
            .path = trajectory{std::move(legs), trajectory_kind::compat},
            .parameterisation = predicts_v{},
            .map = {}};
  }

  friend bool operator==(const ipndm_class&, const ipndm_class&) = default;

 private:
  std::vector<noise_level> levels(std::size_t n) const {
    std::vector<double> sigmas;
    if (trained) {
      sigmas = *trained;
    } else {
      for (const double u : linear_ramp(n + 1, 1, 0)) {
        const double s = std::sin(u * std::numbers::pi / 2);
        sigmas.push_back(s * s);
      }
    }
    std::vector<noise_level> all;
    for (const double sigma : sigmas) {
      const double alpha = std::sqrt(1 - sigma * sigma);
      all.push_back({std::atan2(sigma, alpha) / std::numbers::pi * 2, alpha, sigma});
    }
    return all;
  }
};

}  // namespace noisefall::diffusers
