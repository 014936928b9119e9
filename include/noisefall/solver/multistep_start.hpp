// How a multistep solver takes the steps for which it does not remember enough readings.
#pragma once

#include <cstdint>

namespace noisefall {

//   ramp        with the order that its readings allow: 1, 2, ... The error of the first step, of second order in its
//               size, caps a run at order 2 as the steps shrink.
//   singlestep  by a singlestep DPM-Solver of one order less, whose error, made once a step, is of the order of the
//   run.
//               Costs order - 2 evaluations more in each of order - 1 steps; up to order 2 it is the ramp.
// The steps after a cut of the history and after a level without lambda are such steps too.
enum class multistep_start : std::uint8_t { ramp, singlestep };

}  // namespace noisefall
