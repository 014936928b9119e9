// ScoreSdeVpScheduler.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/config/diffusers/arguments.hpp>
#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/config/fields.hpp>
#include <noisefall/parameterisation/eps.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/trajectory/ramps.hpp>

namespace noisefall::diffusers {

// Euler-Maruyama on the reverse SDE with steps of 1 / n in time, whatever the times are apart:
//   x' = x + beta(t) / n (x / 2 - eps / sigma) + sqrt(beta(t) / n) z,   beta(t) = beta_0 + t (beta_1 - beta_0)
// The last step is the mean, which is what the class's pipeline takes.
struct reverse_euler_maruyama {
  static constexpr std::string_view name = "diffusers' ScoreSdeVp";

  double beta_0 = 0.1, beta_1 = 20;

  int order() const { return 1; }
  std::size_t history() const { return 0; }
  void check() const {}

  step_plan plan(const step_window& window) const {
    const noise_level& from = window.at.from;
    const double share = (beta_0 + from.t * (beta_1 - beta_0)) / static_cast<double>(window.at.count);
    step_plan p = look_at(from, quantity::eps);
    p.result.x = 1 + share / 2;
    p.result.now[0] = -share / from.sigma;
    if (window.at.index + 1 < window.at.count) add_noise(p, window.at, std::sqrt(share));
    return p;
  }
};

// Times evenly from 1 to sampling_eps, n of them. The network predicts eps and is fed the time.
struct score_sde_vp_class {
  static constexpr std::string_view class_name = "ScoreSdeVpScheduler";

  double beta_min = 0.1, beta_max = 20, sampling_eps = 1e-3;

  explicit score_sde_vp_class(const fields& f) {
    constexpr number_range inside{
        .low = 0, .high = 1, .open_low = true, .open_high = true, .text = "a number in (0, 1)"};
    f.integer("num_train_timesteps", 2000, 1, 1000000);
    beta_min = f.number("beta_min", beta_min, positive);
    beta_max = f.number("beta_max", beta_max, positive);
    if (beta_max < beta_min) f.refuse("beta_max", "beta_min or more");
    sampling_eps = f.number("sampling_eps", sampling_eps, inside);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps"});
    const vp_linear process{.beta_0 = beta_min, .beta_1 = beta_max, .t_end = sampling_eps};
    const std::vector<double> times = linear_ramp(a.steps(class_name, 1000000), 1, sampling_eps);
    std::vector<leg> legs;
    for (std::size_t i = 0; i < times.size(); ++i)
      legs.push_back({process.at(times[i]), process.at(i + 1 < times.size() ? times[i + 1] : 0), times[i]});
    return {.solver = reverse_euler_maruyama{beta_min, beta_max},
            .schedule = process,
            .path = {std::move(legs), trajectory_kind::compat},
            .parameterisation = predicts_eps{},
            .map = {}};
  }

  friend bool operator==(const score_sde_vp_class&, const score_sde_vp_class&) = default;
};

}  // namespace noisefall::diffusers
