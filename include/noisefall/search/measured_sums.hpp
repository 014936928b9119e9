// What a measurement of errors has gathered so far.
#pragma once

#include <cstddef>
#include <vector>

namespace noisefall {

// What was gathered so far: numbers, so that a file keeps them to the bit and a measurement goes on from them.
struct measured_sums {
  std::size_t samples = 0, sample_size = 0;
  bool has_reference = false;
  std::vector<double> sums{};

  friend bool operator==(const measured_sums&, const measured_sums&) = default;
};

}  // namespace noisefall
