#include "catch.hpp"

#include <cstdint>
#include <random>

#include <noisefall/random/mersenne_twister.hpp>

using namespace noisefall;

TEST_CASE("the Mersenne twister gives the words of std::mt19937, also after words are skipped") {
  for (const std::uint32_t seed : {0u, 1u, 42u, 0xffffffffu}) {
    std::mt19937 expected{seed};
    mersenne_twister words{seed};
    bool equal = true;
    for (int i = 0; i < 2000; ++i) equal = equal && words() == expected();
    for (const std::uint64_t skipped : {0u, 1u, 3u, 623u, 624u, 625u, 1248u, 100000u}) {
      words.discard(skipped);
      expected.discard(skipped);
      for (int i = 0; i < 3; ++i) equal = equal && words() == expected();
    }
    CHECK(equal);
  }
}
