#include <limits>
#include <vector>

#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/concept.hpp>
#include <noisefall/guidance/weight.hpp>

#include "catch.hpp"

using namespace noisefall;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
}  // namespace

TEST_CASE("a number is a constant weight without breakpoints") {
  const weight_schedule w = 6.5;
  for (const double sigma : {0.0, 0.1, 80.0, infinity}) CHECK(w.at(sigma) == 6.5);
  CHECK(w.breakpoints().empty());
  CHECK(weight_schedule{}.at(1) == 0);
}

TEST_CASE("a window guides above its level and gives back at and below it") {
  const auto w = weight_schedule::window(2, 0.5, 1.5);
  CHECK(w.at(infinity) == 2);
  CHECK(w.at(1.5000001) == 2);
  CHECK(w.at(1.5) == -0.5);
  CHECK(w.at(0) == -0.5);
  CHECK(w.breakpoints() == std::vector<double>{1.5});
}

TEST_CASE("an interval is open at its lower end and closed at its upper end") {
  const auto w = weight_schedule::interval(3, 0.28, 5.42);
  CHECK(w.at(infinity) == 0);
  CHECK(w.at(5.43) == 0);
  CHECK(w.at(5.42) == 3);
  CHECK(w.at(0.281) == 3);
  CHECK(w.at(0.28) == 0);
  CHECK(w.at(0) == 0);
  CHECK(w.breakpoints() == std::vector<double>{5.42, 0.28});
}

TEST_CASE("an interval without an end has no breakpoint there") {
  const auto below = weight_schedule::interval(3, 0, 2);
  CHECK(below.at(0) == 3);
  CHECK(below.at(2.1) == 0);
  CHECK(below.breakpoints() == std::vector<double>{2});
  const auto above = weight_schedule::interval(3, 2, infinity);
  CHECK(above.at(infinity) == 3);
  CHECK(above.at(2) == 0);
  CHECK(above.breakpoints() == std::vector<double>{2});
  CHECK(weight_schedule::interval(3, 0, infinity) == weight_schedule{3});
}

TEST_CASE("a piecewise weight has breakpoints only where it changes") {
  const auto w = weight_schedule::piecewise(1, {{10, 1}, {5, 2}, {1, 2}, {0.5, 0}});
  CHECK(w.at(11) == 1);
  CHECK(w.at(10) == 1);
  CHECK(w.at(5) == 2);
  CHECK(w.at(0.7) == 2);
  CHECK(w.at(0.5) == 0);
  CHECK(w.breakpoints() == std::vector<double>{5, 0.5});
}

TEST_CASE("a weight schedule refuses what it cannot read") {
  CHECK_THROWS_WITH(weight_schedule{not_a_number}, ContainsSubstring("finite weights"));
  CHECK_THROWS_WITH(weight_schedule::interval(1, 2, 2), ContainsSubstring("sigma_lo < sigma_hi"));
  CHECK_THROWS_WITH(weight_schedule::interval(1, -1, 2), ContainsSubstring("0 <= sigma_lo"));
  CHECK_THROWS_WITH(weight_schedule::window(1, 1, 0), ContainsSubstring("sigma > 0"));
  CHECK_THROWS_WITH(weight_schedule::window(1, infinity, 1), ContainsSubstring("finite weights"));
  CHECK_THROWS_WITH(weight_schedule::piecewise(0, {{1, 1}, {2, 0}}), ContainsSubstring("falling order"));
}

TEST_CASE("a weight is read on the side of a jump on which the leg lies") {
  const classifier_free rule{.weight = weight_schedule::window(2, 1, 1.5)};
  const noise_level high{0, 1, 3}, jump{0, 1, 1.5}, low{0, 1, 0.5};
  CHECK(rule.needs({.at = jump, .from = high, .to = jump}) == branch_set{0, 1});
  CHECK(rule.needs({.at = jump, .from = jump, .to = low}) == branch_set{1});
  CHECK(rule.needs({.at = jump, .from = low, .to = jump}) == branch_set{1});
  CHECK(rule.needs({.at = jump, .from = jump, .to = high}) == branch_set{0, 1});
  CHECK(rule.needs({.at = jump, .from = high, .to = low}) == branch_set{1});
}

TEST_CASE("the level of a position is sigma over alpha, inside the leg and at its ends") {
  const noise_level from{0, 0.5, 1}, middle{0, 0.5, 0.5}, to{0, 1, 0.5};
  CHECK(guidance_position{.at = middle, .from = from, .to = to}.sigma() == 1);
  CHECK(guidance_position{.at = from, .from = from, .to = to}.sigma() < 2);
  CHECK(guidance_position{.at = to, .from = from, .to = to}.sigma() > 0.5);
  CHECK_THAT((guidance_position{.at = from, .from = from, .to = to}.sigma()), WithinRel(2.0, 2e-9));
  CHECK(guidance_position{.at = {0, 0, 1}, .from = {0, 0, 1}, .to = to}.sigma() == infinity);
}
