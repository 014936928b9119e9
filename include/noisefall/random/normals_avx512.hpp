// The kernel of normals for processors with AVX-512 (F, DQ, VL, BW), whatever the compiler's flags are.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <noisefall/core/vectors_avx512.hpp>
#include <noisefall/random/normals_common.hpp>

#define NOISEFALL_TARGET NOISEFALL_AVX512

namespace noisefall::kernels::avx512 {

inline constexpr std::size_t at_once = 3;  // vectors of counters in flight: a Philox round is a chain of 7 cycles

#include <noisefall/random/normals_kernel.inc>

}  // namespace noisefall::kernels::avx512

#undef NOISEFALL_TARGET

#endif
