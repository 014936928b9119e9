// The NoiseSchedule concept: the forward process alpha(t), sigma(t) and its inverse.
#pragma once

#include <concepts>

#include <noisefall/schedule/noise_level.hpp>

namespace noisefall {

// at(t)         the level at time t, for t_min() <= t <= t_max() (stages may fall between grid points)
// time_of(l)    the time at which lambda = l
// t_min, t_max  the ends of the range that the network was trained on: t_min the cleanest, t_max the noisiest
template <class S>
concept NoiseSchedule = std::copyable<S> && requires(const S& s, double t) {
  { s.at(t) } -> std::same_as<noise_level>;
  { s.time_of(t) } -> std::same_as<double>;
  { s.t_min() } -> std::same_as<double>;
  { s.t_max() } -> std::same_as<double>;
};

}  // namespace noisefall
