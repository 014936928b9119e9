// The kernel of normals for AArch64 processors.
#pragma once

#if defined(__AARCH64EL__) && defined(__ARM_NEON)

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <noisefall/core/vectors_neon.hpp>
#include <noisefall/random/normals_common.hpp>

#define NOISEFALL_TARGET NOISEFALL_NEON

namespace noisefall::kernels::neon {

inline constexpr std::size_t at_once = 4;  // vectors of counters in flight: their words take half of the 32 registers

#include <noisefall/random/normals_kernel.inc>

}  // namespace noisefall::kernels::neon

#undef NOISEFALL_TARGET

#endif
