// Indices in equal shares of the table, each with its own count (guided-diffusion's respacing).
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

// The table is cut into as many parts as there are counts, from the clean end; the first N mod parts are longer by one.
// A part of m indices that starts at f and has a count of c visits f + round(i (m - 1) / (c - 1)), i = 0 .. c - 1, half
// to even, computed as fractions; a count of 1 visits f. "10,15,20" in guided-diffusion's timestep_respacing. Labels are
// the indices.
struct sections {
  static constexpr std::string_view name = "sections";
  static constexpr std::string_view reference = papers::improved_ddpm;

  std::vector<std::size_t> counts{};  // one or more, cleanest part first; each 0 up to the part's length, not all 0
  final_level end = final_level::zero;

  void check() const {
    std::size_t all = 0;
    for (const std::size_t count : counts) all += count;
    require(all >= 1, name, counts.empty() ? "counts: none" : "counts: all 0", "one or more, not all of them 0");
  }

  // The indices of a table of that length, noisiest first.
  std::vector<long> indices(std::size_t length) const {
    check();
    std::vector<long> found;
    std::size_t first = 0;
    for (std::size_t part = 0; part < counts.size(); ++part) {
      const std::size_t size = length / counts.size() + (part < length % counts.size() ? 1 : 0), count = counts[part];
      require(count <= size, {"sections: counts[", part, "]"}, {count}, {"up to the part's length, ", size});
      for (std::size_t i = 0; i < count; ++i)
        found.push_back(
            static_cast<long>(first) +
            (count == 1 ? 0 : round_half_even(static_cast<long>(i * (size - 1)), static_cast<long>(count - 1))));
      first += size;
    }
    return {found.rbegin(), found.rend()};
  }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_indices(schedule, indices(table_length(schedule, name)), end, name);
  }
};

}  // namespace noisefall
