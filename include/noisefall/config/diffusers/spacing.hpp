// timestep_spacing: the training indices that diffusers visits, with the numbers its numpy gives.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <noisefall/config/fields.hpp>
#include <noisefall/trajectory/indices.hpp>

namespace noisefall::diffusers {

// The fields that choose which training steps are visited.
struct spacing_fields {
  std::string spacing = "leading";
  long offset = 0;

  void read(const fields& f) {
    spacing = f.choice("timestep_spacing", spacing, {"leading", "trailing", "linspace"});
    offset = static_cast<long>(f.integer("steps_offset", offset, 0, 1000000));
  }

  friend bool operator==(const spacing_fields&, const spacing_fields&) = default;
};

// round(numpy.arange(last, 0, -table / n)) - 1: rounding may leave a last entry of -1, and diffusers runs it.
inline std::vector<long> trailing(std::size_t n, std::size_t table, std::size_t last) {
  const double start = static_cast<double>(last), stride = static_cast<double>(table) / static_cast<double>(n);
  const long count = static_cast<long>(std::ceil((0 - start) / -stride));
  const double step = (start - stride) - start;
  std::vector<long> indices;
  for (long i = 0; i < count; ++i) indices.push_back(std::lrint(numpy_point(start, i, step)) - 1);
  return indices;
}

// n entries, noisiest first (DDPM, DDIM, PNDM, and Euler's kind, which does not round linspace).
inline std::vector<long> labels(const spacing_fields& f, std::size_t n, std::size_t table) {
  if (f.spacing == "trailing") return trailing(n, table, table);
  if (f.spacing == "linspace") return linspace_indices(n, table, index_rule::labels, index_arithmetic::numpy);
  return leading_indices(n, table, f.offset, index_rule::labels);
}

// The same for the DPM-Solver kind, which lays n + 1 points over the indices below `last` and drops the cleanest.
inline std::vector<long> points(const spacing_fields& f, std::size_t n, std::size_t table, std::size_t last) {
  if (f.spacing == "trailing") return trailing(n, table, last);
  if (f.spacing == "linspace") return linspace_indices(n, last, index_rule::points, index_arithmetic::numpy);
  return leading_indices(n, last, f.offset, index_rule::points);
}

inline std::vector<double> as_numbers(const std::vector<long>& indices) { return {indices.begin(), indices.end()}; }

}  // namespace noisefall::diffusers
