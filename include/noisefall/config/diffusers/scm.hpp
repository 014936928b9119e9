// SCMScheduler.
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
#include <noisefall/config/fields.hpp>
#include <noisefall/schedule/trigflow.hpp>
#include <noisefall/solver/consistency_multistep.hpp>
#include <noisefall/trajectory/ramps.hpp>

namespace noisefall::diffusers {

// TrigFlow's output without its sigma_data, which the caller of this class multiplies in: D = cos(t) x - sin(t) out.
struct scm_output {
  double sigma_data;

  affine to_x0(const noise_level& at) const { return {std::cos(at.t), -std::sin(at.t)}; }
  affine to_eps(const noise_level& at) const { return {std::sin(at.t) / sigma_data, std::cos(at.t) / sigma_data}; }
  double input_scale(const noise_level&) const { return 1; }
  double label(const noise_level& at) const { return at.t; }
};

// Times t in [0, pi/2], x = cos(t) x0 + sin(t) sigma_data z; the file's usual 1.57080 is a little more than pi/2. Two
// steps go by way of intermediate_timesteps, other numbers evenly. All noise is renewed in each step. The state starts
// from init_noise_sigma 1, although its noise has the standard deviation sigma_data: the caller multiplies that in too.
struct scm_class {
  static constexpr std::string_view class_name = "SCMScheduler";
  static constexpr double latest = 1.5709;

  std::size_t train_steps = 1000;
  double max_timesteps = 1.57080, sigma_data = 0.5;
  std::optional<double> intermediate = 1.3;

  explicit scm_class(const fields& f) {
    constexpr number_range angle{.low = 0, .high = latest, .open_low = true, .text = "a number above 0, up to pi/2"};
    train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 1000, 1, 1000000));
    f.choice("prediction_type", "trigflow", {"trigflow"});
    max_timesteps = f.number("max_timesteps", max_timesteps, angle);
    if (f.object().contains("intermediate_timesteps"))
      intermediate = f.maybe_number("intermediate_timesteps", {.low = 0, .high = latest, .text = "0 to pi/2, or null"});
    if (intermediate == 0.0) intermediate.reset();
    if (intermediate && *intermediate >= max_timesteps) f.refuse("intermediate_timesteps", "below max_timesteps");
    sigma_data = f.number("sigma_data", sigma_data, positive);
  }

  std::vector<double> timesteps(const diffusers_arguments& a) const {
    const std::size_t n = a.steps(class_name, train_steps);
    if (a.timesteps) {
      require(a.timesteps->size() == n + 1, class_name,
              "timesteps: " + std::to_string(a.timesteps->size()) + " entries",
              "one more than num_inference_steps, " + std::to_string(n + 1));
      for (const double t : *a.timesteps)
        require(t >= 0 && t <= latest, class_name, "timesteps: " + std::to_string(t), "0 to pi/2");
      return *a.timesteps;
    }
    if (intermediate && n == 2) return {max_timesteps, *intermediate, 0};
    return linear_ramp(n + 1, max_timesteps, 0);
  }

  diffusers_setup setup(const diffusers_arguments& a) const {
    a.allow_only(class_name, {"num_inference_steps", "timesteps"});
    const std::vector<double> times = timesteps(a);
    std::vector<leg> legs;
    for (std::size_t i = 0; i + 1 < times.size(); ++i) legs.push_back({level(times[i]), level(times[i + 1]), times[i]});
    return {.solver = consistency_multistep{},
            .schedule = trig_flow{.sigma_data = sigma_data},
            .path = {std::move(legs), trajectory_kind::compat},
            .parameterisation = scm_output{sigma_data},
            .map = {}};
  }

  friend bool operator==(const scm_class&, const scm_class&) = default;

 private:
  // Past pi/2 the signal's factor is below 0 by a part in 1e6 and less: there it is 0, which only a step's end would use.
  noise_level level(double t) const { return {t, std::fmax(std::cos(t), 0.0), sigma_data * std::sin(t)}; }
};

}  // namespace noisefall::diffusers
