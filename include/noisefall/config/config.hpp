// Policies from JSON and back, in noisefall's own form; diffusers.hpp beside it reads diffusers' files.
#pragma once

#include <noisefall/config/catalogue.hpp>
#include <noisefall/config/json_reader.hpp>
#include <noisefall/config/native/guidances.hpp>
#include <noisefall/config/native/parameterisations.hpp>
#include <noisefall/config/native/samplers.hpp>
#include <noisefall/config/native/schedules.hpp>
#include <noisefall/config/native/solver_description.hpp>
#include <noisefall/config/native/solvers.hpp>
#include <noisefall/config/native/thresholds.hpp>
#include <noisefall/config/native/trajectories.hpp>

#ifndef NOISEFALL_COMPILED_CONFIG
#include <noisefall/config/native/built_in.hpp>
#endif
