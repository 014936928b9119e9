// What tests of runs include; the engine itself is compiled in noisefall::kernels.
#pragma once

#include "precompiled_catch.hpp"

#include <noisefall/noisefall.hpp>
#include <noisefall/solver/built_in.hpp>
