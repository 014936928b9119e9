// The kernels of quantiles for processors with AVX-512, whatever the compiler's flags are.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <noisefall/core/vectors_avx512.hpp>
#include <noisefall/tensor/quantile_common.hpp>

#define NOISEFALL_TARGET NOISEFALL_AVX512

namespace noisefall::kernels::avx512 {

#include <noisefall/tensor/quantile_kernel.inc>

}  // namespace noisefall::kernels::avx512

#undef NOISEFALL_TARGET

#endif
