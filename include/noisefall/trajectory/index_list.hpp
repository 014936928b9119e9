// An explicit list of training indices.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/trajectory/spacing.hpp>
#include <noisefall/trajectory/trajectory.hpp>

namespace noisefall {

// A trajectory through listed indices of a table, noisiest first, each also the label of its leg; the last leg ends as
// `end` says.
struct index_list {
  static constexpr std::string_view name = "index_list";

  std::vector<long> indices{};  // one or more of 0 to the table's length - 1, falling strictly
  final_level end = final_level::zero;

  void check() const { require(!indices.empty(), name, "no indices", "one or more"); }

  template <DiscreteSchedule S>
  trajectory operator()(const S& schedule) const {
    check();
    return over_indices(schedule, indices, end, name);
  }
};

}  // namespace noisefall
