// The description of a solver whose type is forgotten.
#pragma once

#include <nlohmann/json.hpp>

#include <noisefall/solver/erased.hpp>

namespace noisefall {

// What load_solver reads it from, {"name": ..., fields}; null where it is none of the library's, or holds none. So a
// solver that a diffusers file came to has a native form. Include config/config.hpp.
nlohmann::json solver_description(const erased_solver& solver);

}  // namespace noisefall
