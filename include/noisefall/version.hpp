// The library's version, in the form that CMake and users' preprocessors read.
#pragma once

#define NOISEFALL_VERSION_MAJOR 0
#define NOISEFALL_VERSION_MINOR 1
#define NOISEFALL_VERSION_PATCH 0
