// A published name for one setting of a solver.
#pragma once

#include <string_view>

namespace noisefall {

// A solver may list, in a static aliases(), settings of its fields that are known by a name of their own: those whose
// rows are exactly the published method's, under the name that a paper, k-diffusion (without "sample_") or ComfyUI
// gives it. Names are unique among all solvers' names and aliases.
template <class S>
struct solver_alias {
  std::string_view name;
  S solver;
};

}  // namespace noisefall
