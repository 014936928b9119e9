// How a network of another library is called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <noisefall/adapters/network_array.hpp>

namespace noisefall {

// The branches of a guided step (conditional, unconditional ...) as one batch in one call, or one call each. One call is
// faster where the device has room for it; one by one needs half the memory and copies no state.
enum class branch_calls : std::uint8_t { together, one_by_one };

// batch   one label per sample, [B]
// one     one for all, [1]
// scalar  one for all, without an axis
// What the network declares is read from it: `unknown` is right unless that is wrong or, as in TorchScript, not there.
enum class time_shape : std::uint8_t { unknown, batch, one, scalar };

// What is left empty or unknown is read from the network.
struct network_options {
  std::string state{}, time{}, output{};  // names
  element_type state_type = element_type::unknown, time_type = element_type::unknown,
               output_type = element_type::unknown;
  time_shape time_is = time_shape::unknown;
  branch_calls branches = branch_calls::together;
  std::size_t most_rows = 0;  // samples, times branches where they go together, per call; 0: all
  bool round_labels = false;  // labels of a time in whole numbers are rounded; else others are refused
};

}  // namespace noisefall
