// A flow's levels at the quantiles of a logit-normal distribution.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/normal_quantile.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// sigma_i = 1 / (1 + e^-(mean + deviation q(1 - i / n))), i = 0 .. n, q the quantile of the standard normal: from 1 to 0,
// dense where the logit-normal density of training times is, arXiv:2403.03206 eq. 19. A mean above 0 leans towards
// noise. sigma is a flow's where the schedule begins at pure noise, elsewhere a share of its highest sigma / alpha.
struct logit_normal {
  static constexpr std::string_view name = "logit_normal";
  static constexpr std::string_view reference = papers::scaled_flows;

  std::size_t steps = 0;  // legs, 1 or more
  double mean = 0;        // of ln(sigma / (1 - sigma)), finite
  double deviation = 1;   // above 0

  void check() const {
    require_steps(steps, name);
    require(std::isfinite(mean), name, {"mean: ", mean}, "finite");
    require(deviation > 0 && std::isfinite(deviation), name, {"deviation: ", deviation}, "above 0");
  }

  // The n + 1 sigmas, from 1 to 0.
  std::vector<double> sigmas() const {
    check();
    std::vector<double> values{1};
    for (std::size_t left = steps - 1; left > 0; --left) {
      const double u = static_cast<double>(left) / static_cast<double>(steps);
      values.push_back(1 / (1 + std::exp(-(mean + deviation * normal_quantile(u)))));
    }
    values.push_back(0);
    return values;
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    return trajectory{levels_from_unit_sigmas(schedule, sigmas())};
  }
};

}  // namespace noisefall
