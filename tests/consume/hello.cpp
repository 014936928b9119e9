// A user's program: prints the version, as the header and as the umbrella know it.
#include <noisefall/version.hpp>

#include <noisefall/noisefall.hpp>

#include <cstdio>

#if NOISEFALL_VERSION < 100 || NOISEFALL_VERSION >= 10000
#error "NOISEFALL_VERSION is no number to compare"
#endif

int main() {
  std::printf("noisefall %d.%d.%d\n", NOISEFALL_VERSION_MAJOR, NOISEFALL_VERSION_MINOR, NOISEFALL_VERSION_PATCH);
}
