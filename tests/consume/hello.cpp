// A user's program: prints the version, as the header and as the umbrella know it.
#include <noisefall/version.hpp>

#include <noisefall/noisefall.hpp>

#include <cstdio>

int main() {
  std::printf("noisefall %d.%d.%d\n", NOISEFALL_VERSION_MAJOR, NOISEFALL_VERSION_MINOR, NOISEFALL_VERSION_PATCH);
}
