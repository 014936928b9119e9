// FlowMatchHeunDiscreteScheduler.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <string_view>
#include <vector>

#include <noisefall/config/diffusers/k_grid.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/diffusers/sigma_grid.hpp>
#include <noisefall/parameterisation/flow.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/solver/churn.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/flow_runge_kutta.hpp>
#include <noisefall/solver/leg_label.hpp>

namespace noisefall::diffusers {

// Heun's step on a flow's velocity with diffusers' churn: the network looks at x and its level, then noise is added
// without taking signal away, sigma_hat = sigma * (1 + gamma), and the step goes on from there with v_1 * sigma /
// sigma_hat for the first slope:
//   x_hat = x + s_noise * sqrt(sigma_hat^2 - sigma^2) * z,   u = x_hat + h * v_1 * sigma / sigma_hat,  h = sigma_t -
//   sigma_hat,   x_t = x_hat + h * (v_1 * sigma / sigma_hat + v_2) / 2
// gamma is that of EDM, but shares s_churn among the evaluations, of which there are one less than twice the steps.
struct flow_late_churn {
  static constexpr std::string_view name = "diffusers' FlowMatchHeunDiscrete";

  churn by;

  int order() const { return 2; }
  std::size_t history() const { return 0; }
  void check() const { by.check("flow_late_churn"); }

  step_plan plan(const step_window& window) const {
    const noise_level &from = window.at.from, &to = window.at.to;
    const bool churns = from.sigma >= by.s_tmin && from.sigma <= by.s_tmax;
    const double shares = 2 * static_cast<double>(window.at.count) - 1;
    const double gamma = churns ? std::min(by.s_churn / shares, std::numbers::sqrt2 - 1) : 0;
    const double hat = from.sigma * (1 + gamma), h = to.sigma - hat;
    step_plan p = look_at(from, quantity::output);
    row step = same_state;
    step.noise[0] = by.s_noise * std::sqrt((hat - from.sigma) * (hat + from.sigma));
    if (step.noise[0] != 0) p.slots[0] = {from, to, static_cast<std::uint32_t>(window.at.index), 0};
    row u = step;
    u.now[0] = h * from.sigma / hat;
    p.result = u;
    if (to.sigma == 0) return p;
    p.evaluations.push_back({.state = u, .at = to, .label = label_at_end(window)});
    p.result.now = {u.now[0] / 2, h / 2};
    return p;
  }
};

// The range of sigmas to divide comes from the shifted training grid and is then shifted again, as diffusers has it.
// For add_noise each label and sigma after the first stands twice, the final 0 once. Its churn is flow_late_churn.
struct flow_match_heun_class {
  static constexpr std::string_view class_name = "FlowMatchHeunDiscreteScheduler";

  std::size_t train_steps = 1000;
  double shift = 1;

  explicit flow_match_heun_class(const fields& f) {
    train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 1000, 1, 1000000));
    shift = f.number("shift", 1, positive);
  }

  sigma_grid grid(const diffusers_arguments& a) const { return of_two_evaluations(steps(a)); }

  std::vector<noise_level> noising(std::span<const double> timesteps, const diffusers_arguments& a) const {
    return grid_levels(grid(a), timesteps, false, class_name, level);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "s_churn", "s_tmin", "s_tmax", "s_noise"});
    const churn by{a.s_churn, a.s_tmin, a.s_tmax, a.s_noise};
    return {.solver = a.s_churn > 0 ? erased_solver{flow_late_churn{by}} : erased_solver{flow_runge_kutta{}},
            .schedule = rectified_flow{},
            .path = path_of(steps(a), level),
            .parameterisation = predicts_flow{},
            .map = {}};
  }

  friend bool operator==(const flow_match_heun_class&, const flow_match_heun_class&) = default;

 private:
  static noise_level level(double sigma, double label) { return {label, 1 - sigma, sigma}; }

  sigma_grid steps(const diffusers_arguments& a) const {
    const double train = static_cast<double>(train_steps);
    sigma_grid g{.sigmas = linear_ramp(a.steps(class_name, 1000000), train, time_shift(shift, 1 / train) * train),
                 .labels = {}};
    for (double& s : g.sigmas) {
      s = time_shift(shift, s / train);
      g.labels.push_back(s * train);
    }
    g.sigmas.push_back(0);
    return g;
  }
};

}  // namespace noisefall::diffusers
