// Are the vectors of an instruction set right? What each operation gives, against the same element by element.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <noisefall/core/half.hpp>
#include <noisefall/core/instruction_set.hpp>
#include <noisefall/core/vectors_avx2.hpp>
#include <noisefall/core/vectors_avx512.hpp>
#include <noisefall/core/vectors_neon.hpp>

#ifdef NOISEFALL_AVX2
#define NOISEFALL_TARGET NOISEFALL_AVX2
namespace noisefall::kernels::avx2 {
#include "core/vectors_check.inc"
}
#undef NOISEFALL_TARGET
#define NOISEFALL_TARGET NOISEFALL_AVX512
namespace noisefall::kernels::avx512 {
#include "core/vectors_check.inc"
}
#undef NOISEFALL_TARGET
#endif
#ifdef NOISEFALL_NEON
#define NOISEFALL_TARGET NOISEFALL_NEON
namespace noisefall::kernels::neon {
#include "core/vectors_check.inc"
}
#undef NOISEFALL_TARGET
#endif

namespace noisefall::test {

// The names of operations that gave other bits than expected.
inline std::vector<std::string> wrong_operations(kernels::instruction_set set) {
  std::vector<std::string> wrong;
  const auto check = [&](const char* name, auto got, auto wanted) {
    using T = typename decltype(got)::value_type;
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    const auto same = [](T a, T b) { return a != a ? b != b : std::bit_cast<bits>(a) == std::bit_cast<bits>(b); };
    if (!std::equal(got.begin(), got.end(), wanted.begin(), same))
      wrong.push_back(std::string{name} + (sizeof(T) == 4 ? " of float" : " of double"));
  };
#ifdef NOISEFALL_AVX2
  if (set == kernels::instruction_set::avx2) kernels::avx2::check_vectors(check);
  if (set == kernels::instruction_set::avx512) kernels::avx512::check_vectors(check);
#endif
#ifdef NOISEFALL_NEON
  if (set == kernels::instruction_set::neon) kernels::neon::check_vectors(check);
#endif
  return wrong;
}

}  // namespace noisefall::test
