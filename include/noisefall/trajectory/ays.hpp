// The levels that Align Your Steps found for Stable Diffusion.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/lists.hpp>
#include <noisefall/trajectory/log_interpolated.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// The 11 levels (sigma / alpha) published for 10 steps of each model (of Stable Diffusion by training indices, whose
// sigmas these are); for other numbers of steps n + 1 levels from them by linear
// interpolation of ln(sigma). With end zero, clean data takes the place of the last one, as published. Laid on any
// schedule by sigma / alpha; it was made for the named model's.
struct ays {
  static constexpr std::string_view name = "ays";
  static constexpr std::string_view reference = papers::align_your_steps;

  enum class found_for : std::uint8_t { stable_diffusion, stable_diffusion_xl, stable_video_diffusion };

  std::size_t steps = 10;  // legs, 1 or more
  found_for model = found_for::stable_diffusion;
  final_level end = final_level::zero;

  void check() const { require_steps(steps, name); }

  static std::span<const double> published(found_for model) {
    static constexpr std::array<std::array<double, 11>, 3> levels{
        {{14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520, 1.8841921177, 1.3943805092, 0.9642583904,
          0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582},
         {14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141, 0.5550693289,
          0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582},
         {700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002}}};
    return levels[static_cast<std::size_t>(model)];
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    std::vector<double> sigmas = log_interpolated(published(model), steps + 1);
    if (end == final_level::zero) sigmas.back() = 0;
    return trajectory{levels_from_sigmas(schedule, sigmas)};
  }
};

}  // namespace noisefall
