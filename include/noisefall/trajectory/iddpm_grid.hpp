// Indices from the noisy end as EDM visits the levels of an improved DDPM.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/core/papers.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/trajectory/indices.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// N - 1 - floor(skip + (N - 1 - skip) i / (n - 1) + 1/2), i = 0 .. n - 1, computed as fractions: the noisiest `skip`
// levels of the table are left out, arXiv:2206.00364 table 1 (iDDPM + DDIM, j_0 = 8). On `cosine`, of 1000 indices, the
// sigmas are that table's u_j. One step starts at the first of them. Labels are the indices, the last one 0: end must be
// zero for more than one step.
struct iddpm_grid {
  static constexpr std::string_view name = "iddpm_grid";
  static constexpr std::string_view reference = papers::edm;

  std::size_t steps = 0;  // legs, 1 to the table's length less skip
  std::size_t skip = 8;   // below the table's length
  final_level end = final_level::zero;

  void check() const { require_steps(steps, name); }

  // The indices of a table of that length, noisiest first.
  std::vector<long> indices(std::size_t length) const {
    check();
    require(skip < length, name, {"skip: ", skip}, {"below the table's length, ", length});
    require_steps(steps, length - skip, name);
    const long top = static_cast<long>(length - 1 - skip), parts = steps > 1 ? static_cast<long>(steps) - 1 : 1;
    std::vector<long> found;
    for (long i = 0; i < static_cast<long>(steps); ++i) found.push_back(top - (2 * top * i + parts) / (2 * parts));
    return found;
  }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_indices(schedule, indices(table_length(schedule, name)), end, name);
  }
};

}  // namespace noisefall
