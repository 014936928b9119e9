// Even levels of a flow, shifted towards noise as image and video models ask for.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/schedule/level_at_rho.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

enum class shift_law : std::uint8_t { exponential, linear };
enum class flow_grid : std::uint8_t { uniform, karras, exponential, beta };

// Here sigma is a flow's own, in [0, 1], with alpha = 1 - sigma.
// 1. sigma evenly from first to last, n values; without last from first to 0, n + 1 values of which the 0 is the end
// 2. shift: sigma' = shift sigma / (1 + (shift - 1) sigma), or with mu: e^mu / (e^mu + 1 / sigma - 1) by the
// exponential law,
//    mu / (mu + 1 / sigma - 1) by the linear one
// 3. terminal: 1 - sigma' stretched so that the last value becomes terminal (a single step at sigma = 1 stays)
// 4. grid: a Karras (rho 7), exponential or beta (0.6, 0.6) ramp between the first and last value of that
// 5. the clean level
// arXiv:2403.03206 section 5.3.2. The first level may be pure noise (sigma 1, alpha 0). On a schedule that is no flow,
// levels are laid by their signal-to-noise ratio.
struct flow_uniform {
  static constexpr std::string_view name = "flow_uniform";
  static constexpr std::string_view reference = papers::scaled_flows;

  std::size_t steps = 0;       // legs, 1 or more
  double shift = 1;            // above 0
  std::optional<double> mu{};  // dynamic shift, in place of shift; see resolution_mu
  shift_law law = shift_law::exponential;
  std::optional<double> terminal{};  // in [0, 1)
  flow_grid grid = flow_grid::uniform;
  double first = 1;              // in (0, 1]
  std::optional<double> last{};  // in (0, first]

  void check() const {
    require_steps(steps, name);
    require(shift > 0 && std::isfinite(shift), name, {"shift: ", shift}, "above 0");
    require(!mu || shift == 1, name, "both shift and mu", "one of the two");
    require(!mu || (std::isfinite(*mu) && (law == shift_law::exponential || *mu > 0)), name, {"mu: ", mu.value_or(0)},
            "finite; above 0 for the linear law");
    require(!terminal || (*terminal >= 0 && *terminal < 1), name, {"terminal: ", terminal.value_or(0)},
            "0 to 1, without 1");
    require(first > 0 && first <= 1, name, {"first: ", first}, "above 0, up to 1");
    require(!last || (*last > 0 && *last <= first), name, {"last: ", last.value_or(0)}, "above 0, up to first");
  }

  // The n sigmas, without the clean end.
  std::vector<double> sigmas() const {
    check();
    std::vector<double> values = last ? linear_ramp(steps, first, *last) : linear_ramp(steps + 1, first, 0);
    values.resize(steps);
    for (double& s : values)
      s = !mu                             ? time_shift(shift, s)
          : law == shift_law::exponential ? time_shift_exponential(*mu, s)
                                          : time_shift_linear(*mu, s);
    if (terminal) values = stretch_to_terminal(std::move(values), *terminal);
    const double low = values.back(), high = values.front();
    switch (grid) {
      case flow_grid::uniform:
        break;
      case flow_grid::karras:
        values = karras_ramp(steps, low, high);
        break;
      case flow_grid::exponential:
        values = exponential_ramp(steps, low, high);
        break;
      case flow_grid::beta:
        values = beta_ramp(steps, low, high);
        break;
    }
    values.front() = high;
    return values;
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    std::vector<noise_level> levels;
    for (const double sigma : sigmas()) levels.push_back(level_at_flow_sigma(schedule, sigma));
    levels.push_back(clean_level(schedule));
    return trajectory{levels};
  }
};

}  // namespace noisefall
