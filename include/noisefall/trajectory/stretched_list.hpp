// Levels that a search found for one number of steps, stretched to another.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/concept.hpp>
#include <noisefall/trajectory/lists.hpp>
#include <noisefall/trajectory/log_interpolated.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// The levels of GITS for six steps of an EDM network of CIFAR-10 (zju-pi/diff-sampler, gits-main), to sigma 0.002.
inline constexpr std::array<double, 7> gits_cifar10{80, 10.9836, 3.8811, 1.584, 0.5666, 0.1698, 0.002};

// n + 1 levels from the given ones (sigma / alpha, falling, above 0) by linear interpolation of ln(sigma); as many as
// there are come back as they are. With end zero, clean data takes the place of the last one, as those who publish such
// lists do: Align Your Steps (ays is its lists), GITS (Chen et al. 2024; gits_cifar10 is the list that its authors
// publish, tables of others for Stable Diffusion are not distributed with noisefall), or your own search: teacher_dp finds
// what GITS would for your network.
struct stretched_list {
  static constexpr std::string_view name = "stretched_list";
  static constexpr std::string_view reference = papers::geometric_trajectory;

  std::size_t steps = 10;        // legs, 1 or more
  std::vector<double> sigmas{};  // 2 or more
  final_level end = final_level::zero;

  void check() const {
    require_steps(steps, name);
    require(sigmas.size() >= 2, name, {"sigmas: ", sigmas.size()}, "two or more");
    for (std::size_t i = 0; i < sigmas.size(); ++i)
      require(sigmas[i] > 0 && (i == 0 || sigmas[i] < sigmas[i - 1]), {name, ": sigmas[", i, "]"}, {sigmas[i]},
              "above 0, below the one before");
  }

  template <NoiseSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    std::vector<double> levels = log_interpolated(sigmas, steps + 1);
    if (end == final_level::zero) levels.back() = 0;
    return trajectory{levels_from_sigmas(schedule, levels)};
  }
};

}  // namespace noisefall
