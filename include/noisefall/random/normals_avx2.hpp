// The kernel of normals for processors with AVX2 and FMA, whatever the compiler's flags are.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <noisefall/core/vectors_avx2.hpp>
#include <noisefall/random/normals_common.hpp>

#define NOISEFALL_TARGET NOISEFALL_AVX2

namespace noisefall::kernels::avx2 {

inline constexpr std::size_t at_once = 2;  // vectors of counters in flight: more do not fit into 16 registers

#include <noisefall/random/normals_kernel.inc>

}  // namespace noisefall::kernels::avx2

#undef NOISEFALL_TARGET

#endif
