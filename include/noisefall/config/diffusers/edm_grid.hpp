// sigma_schedule of the EDM classes: sigmas between sigma_min and sigma_max.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <noisefall/config/fields.hpp>
#include <noisefall/trajectory/ramps.hpp>

namespace noisefall::diffusers {

// The fields that the EDM classes share.
struct edm_fields {
  double sigma_min = 0.002, sigma_max = 80, sigma_data = 0.5, rho = 7;
  std::string schedule = "karras";
  std::size_t train_steps = 1000;  // of the labels; the levels do not depend on it

  void read(const fields& f) {
    sigma_min = f.number("sigma_min", sigma_min, positive);
    sigma_max = f.number("sigma_max", sigma_max, positive);
    if (sigma_min >= sigma_max) f.refuse("sigma_min", std::to_string(sigma_min), "a number below sigma_max");
    sigma_data = f.number("sigma_data", sigma_data, positive);
    rho = f.number("rho", rho, positive);
    schedule = f.choice("sigma_schedule", schedule, {"karras", "exponential"});
    train_steps = static_cast<std::size_t>(f.integer("num_train_timesteps", 1000, 1, 1000000));
  }

  // `ramp` goes from 0 (sigma_max) to 1 (sigma_min); the exponential schedule looks at its length only.
  std::vector<double> sigmas(std::span<const double> ramp) const {
    if (schedule == "exponential" && ramp.size() == 1) return {sigma_min};  // torch.linspace begins at ln(sigma_min)
    if (schedule == "exponential") return exponential_ramp(ramp.size(), sigma_min, sigma_max);
    const double bottom = std::pow(sigma_min, 1 / rho), top = std::pow(sigma_max, 1 / rho);
    std::vector<double> values;
    for (const double r : ramp) values.push_back(std::pow(top + r * (bottom - top), rho));
    return values;
  }

  double init_noise_sigma() const { return std::sqrt(sigma_max * sigma_max + 1); }

  friend bool operator==(const edm_fields&, const edm_fields&) = default;
};

}  // namespace noisefall::diffusers
