// The default NoiseSource: Philox normals, numbered by step and slot.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <noisefall/core/error.hpp>
#include <noisefall/random/noise_source.hpp>
#include <noisefall/random/normals.hpp>

namespace noisefall {

// Draws below this number belong to philox; a Brownian path numbers its nodes from here on.
inline constexpr std::uint32_t first_path_draw = std::uint32_t{1} << 31;

// The number under which an increment is drawn: 0 for the initial noise, then three slots per step.
inline std::uint32_t philox_draw(const increment& which) {
  if (which.step == increment::initial) return 0;
  constexpr std::uint32_t slots = 3, last_step = (first_path_draw - 1 - slots) / slots;
  if (which.slot >= slots || which.step > last_step)
    refuse("noise", {"step ", which.step, ", slot ", which.slot}, {"steps up to ", last_step, ", slots 0 to 2"});
  return 1 + slots * which.step + which.slot;
}

// Fresh noise for every (step, slot): the levels of the increment do not matter. The only source that a pass can
// generate by itself.
struct philox {
  std::uint64_t seed = 0;

  template <std::floating_point T>
  void fill(std::span<T> out, std::size_t sample_size, const increment& which) const {
    normals({seed, philox_draw(which), which.first_sample, sample_size}, 0, out.size(), out.data());
  }
};

static_assert(NoiseSource<philox, float> && NoiseSource<philox, double>);

}  // namespace noisefall
