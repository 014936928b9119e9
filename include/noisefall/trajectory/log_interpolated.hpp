// A list of sigmas stretched to another length, as the makers of published lists do.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <noisefall/core/error.hpp>

namespace noisefall {

// n values, 2 or more, whose logarithms lie evenly on the polygon through those of `sigmas`, both ends included. The
// given ones are met exactly wherever they fall on a node; for n of the same length they come back as they are.
inline std::vector<double> log_interpolated(std::span<const double> sigmas, std::size_t n) {
  for (std::size_t i = 0; i < sigmas.size(); ++i)
    require(sigmas[i] > 0 && std::isfinite(sigmas[i]), {"log_interpolated: [", i, "]"}, {sigmas[i]},
            "above 0 and finite");
  require(sigmas.size() >= 2 && n >= 2, "log_interpolated", {sigmas.size(), " sigmas to ", n}, "two or more of each");
  std::vector<double> stretched;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t whole = i * (sigmas.size() - 1), low = whole / (n - 1), rest = whole % (n - 1);
    if (rest == 0) {
      stretched.push_back(sigmas[low]);
      continue;
    }
    const double weight = static_cast<double>(rest) / static_cast<double>(n - 1);
    stretched.push_back(sigmas[low] * std::pow(sigmas[low + 1] / sigmas[low], weight));
  }
  return stretched;
}

}  // namespace noisefall
