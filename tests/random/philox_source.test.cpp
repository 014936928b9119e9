#include "catch.hpp"

#include <cstddef>
#include <initializer_list>
#include <set>
#include <vector>

#include <noisefall/random/philox_source.hpp>

using namespace noisefall;
using sizes = std::initializer_list<std::size_t>;

TEST_CASE("draw 0 is the initial noise and each step has three draws") {
  CHECK(philox_draw({}) == 0);
  std::set<std::uint32_t> draws{0};
  for (std::uint32_t step = 0; step < 50; ++step)
    for (std::uint32_t slot = 0; slot < 3; ++slot) draws.insert(philox_draw({.step = step, .slot = slot}));
  CHECK(draws.size() == 151);
  CHECK(*draws.rbegin() == 150);
}

TEST_CASE("a draw number that would meet a Brownian path's is refused with what is allowed") {
  constexpr std::uint32_t last = (first_path_draw - 4) / 3;
  CHECK(philox_draw({.step = last, .slot = 2}) < first_path_draw);
  CHECK_THROWS_WITH(philox_draw({.step = last + 1, .slot = 0}), Catch::Matchers::ContainsSubstring("715827881"));
  CHECK_THROWS_WITH(philox_draw({.step = 0, .slot = 3}), Catch::Matchers::ContainsSubstring("slots 0 to 2"));
}

TEMPLATE_TEST_CASE("a sample's noise depends neither on its batch nor on its place in it", "", float, double) {
  const philox source{99};
  for (const std::size_t d : sizes{1, 2, 63, 64, 65, 112, 784}) {
    std::vector<TestType> all(64 * d);
    source.fill(std::span<TestType>{all}, d, {.first_sample = 5, .step = 8, .slot = 1});
    for (const std::size_t samples : sizes{1, 2, 3, 7}) {
      std::vector<TestType> some(samples * d);
      source.fill(std::span<TestType>{some}, d, {.first_sample = 5 + 11, .step = 8, .slot = 1});
      CHECK(std::equal(some.begin(), some.end(), all.begin() + static_cast<std::ptrdiff_t>(11 * d)));
    }
  }
}

TEST_CASE("the levels of an increment do not matter to philox") {
  std::vector<float> a(10), b(10);
  philox{1}.fill(std::span<float>{a}, 5, {.step = 2, .from = 3, .to = 1});
  philox{1}.fill(std::span<float>{b}, 5, {.step = 2});
  CHECK(a == b);
}
