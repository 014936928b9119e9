// The library's version, in the form that CMake and users' preprocessors read, and what it promises.
//
// Versions are MAJOR.MINOR.PATCH. Until 1.0.0 a new minor version may change names and defaults; a patch changes
// neither. From then on a major version may. find_package(noisefall 0.1) accepts 0.1.*, whatever the patch.
//
// What runs draw and write has numbers of its own, each of which changes only with what it stands for:
//   noise_mapping_version (random/normals.hpp)     the normals of a seed, sample, draw and element, on every machine
//   checkpoint_version (sampler/checkpoint.hpp)    the bytes of save(); load() refuses those of another number
//   native_form (config/native/samplers.hpp)       the names, defaults and units of JSON files
// A patch changes none of them. The same policies, seed and first_sample then give the same bits on every machine that
// has fused multiply-add and the same libm; without the latter two, the same noise.
//
// Names in the namespaces detail and kernels, and macros other than NOISEFALL_VERSION* and NOISEFALL_COMPILED_KERNELS,
// are the library's own and may change at any time.
#pragma once

#define NOISEFALL_VERSION_MAJOR 0
#define NOISEFALL_VERSION_MINOR 1
#define NOISEFALL_VERSION_PATCH 0

// To compare: 102 is 0.1.2.
#define NOISEFALL_VERSION (NOISEFALL_VERSION_MAJOR * 10000 + NOISEFALL_VERSION_MINOR * 100 + NOISEFALL_VERSION_PATCH)
