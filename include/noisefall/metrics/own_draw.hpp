// Which of a seed's normals the metrics take.
#pragma once

#include <cstdint>

namespace noisefall {

// A draw that no run makes: directions and subsets do not depend on the noise that samples of the same seed were made
// of.
inline constexpr std::uint32_t metrics_draw = 0xffffffffu;

}  // namespace noisefall
