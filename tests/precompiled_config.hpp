// What tests of files include; the policies that a file may name are compiled in noisefall::compiled_config.
#pragma once

#include "precompiled_engine.hpp"

#include <noisefall/config/config.hpp>
