// The NoiseSource concept: standard normals as a pure function of (sample, step, slot, interval of levels).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace noisefall {

// One unit increment of noise: what a row calls z. Slots of one step are independent of each other and of other steps.
struct increment {
  static constexpr std::uint32_t initial = std::numeric_limits<std::uint32_t>::max();  // `step` of the first noise

  std::uint64_t first_sample = 0;  // the sample that stands first in the buffer
  std::uint32_t step = initial;    // index of the leg whose noise this is
  std::uint32_t slot = 0;          // 0, 1 or 2 within the leg
  double from = 0, to = 0;         // the interval, as sigma / alpha at its noisy and its clean end (infinity allowed)
};

// fill() writes out[i * sample_size + e] for every sample i and element e, as independent standard normals whose value
// depends on nothing but the source, the increment, i + first_sample and e. It must be pure: called again, the same
// bits. A source that cannot serve every increment may declare `void check(const increment&, std::size_t samples)
// const`, which throws; a run asks it for all that it will draw before it begins.
template <class Z, class T>
concept NoiseSource = std::copy_constructible<Z> &&
    requires(const Z& z, std::span<T> out, std::size_t sample_size, const increment& which) {
  { z.fill(out, sample_size, which) } -> std::same_as<void>;
};

}  // namespace noisefall
