#include <cmath>
#include <limits>
#include <span>
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

namespace {

// At a level within a leg, and half way through the seven-eighths of a run that lie before it.
guidance_position within(double sigma, double t = 0) {
  return {.at = {t, 1, sigma}, .from = {2 * t, 1, 2 * sigma}, .to = {t / 2, 1, sigma / 2}, .step = 3, .steps = 8};
}

}  // namespace

TEST_CASE("a table is a straight line between its points and constant beyond them") {
  const auto w = weight_schedule::table({{8, 1}, {4, 3}, {1, 0}});
  CHECK(w.at(infinity) == 1);
  CHECK(w.at(9) == 1);
  CHECK(w.at(6) == 2);
  CHECK(w.at(4) == 3);
  CHECK(w.at(2.5) == 1.5);
  CHECK(w.at(0) == 0);
  CHECK(w.breakpoints().empty());
}

TEST_CASE("a weight may be stated over log-SNR, time or the fraction of the steps") {
  const auto ramp = [](double from, double to, weight_unit over) {
    return weight_schedule::ramp(0, from, 4, to, over);
  };
  CHECK_THAT(ramp(-2, 2, weight_unit::log_snr).at(within(std::exp(0.5))), WithinRel(1.0, 1e-9));
  CHECK_THAT(ramp(-2, 2, weight_unit::log_snr).at(std::exp(0.5)), WithinRel(1.0, 1e-12));
  CHECK_THAT(ramp(1000, 0, weight_unit::time).at(within(1, 250)), WithinRel(3.0, 1e-9));
  // step 3 of 8, in the middle of its leg in log sigma
  CHECK_THAT(ramp(0, 1, weight_unit::fraction).at(within(1)), WithinRel(4 * 3.5 / 8, 1e-9));
  CHECK_THROWS_WITH(ramp(0, 1, weight_unit::fraction).at(1.0), ContainsSubstring("over time or steps"));
}

TEST_CASE("an interval over another unit has its noisier end") {
  const auto over_snr = weight_schedule::interval(2, -1, 3, weight_unit::log_snr);
  CHECK(over_snr.at(std::exp(0.6)) == 0);
  CHECK(over_snr.at(std::exp(0.4)) == 2);
  CHECK(over_snr.at(std::exp(-1.4)) == 2);
  CHECK(over_snr.at(std::exp(-1.6)) == 0);
  CHECK_THAT(over_snr.breakpoints()[0], WithinRel(std::exp(0.5), 1e-12));
  const auto over_time = weight_schedule::interval(2, 100, 500, weight_unit::time);
  CHECK(over_time.at(within(1, 501)) == 0);
  CHECK(over_time.at(within(1, 500)) == 2);
  CHECK(over_time.at(within(1, 100)) == 0);
  const auto over_steps = weight_schedule::interval(2, 0, 0.5, weight_unit::fraction);
  guidance_position here = within(1);
  CHECK(over_steps.at(here) == 2);
  here.step = 4;
  CHECK(over_steps.at(here) == 0);
  CHECK(weight_schedule::interval(2, 0, 1, weight_unit::fraction) == weight_schedule{2});
}

TEST_CASE("a jump at a fraction of the steps lies at the nearest end of a step") {
  const auto w = weight_schedule::interval(2, 0, 0.4, weight_unit::fraction);
  std::vector<leg> legs;
  for (const double sigma : {16., 8., 4., 2., 1.}) legs.push_back({{0, 1, sigma}, {0, 1, sigma / 2}});
  const guidance_grid five{.legs = legs}, four{.legs = std::span{legs}.first(4)};
  CHECK(w.breakpoints(five) == std::vector<double>{4});
  CHECK(w.breakpoints(four) == std::vector<double>{4});  // 1.6 steps
  CHECK(w.breakpoints().empty());
  for (std::size_t step = 0; step < 4; ++step) {
    const guidance_position start{
        .at = legs[step].from, .from = legs[step].from, .to = legs[step].to, .step = step, .steps = 4};
    guidance_position end = start;
    end.at = start.to;
    CHECK(w.at(start) == (step < 2 ? 2 : 0));
    CHECK(w.at(end) == (step < 2 ? 2 : 0));
  }
}

TEST_CASE("a cosine is level at both ends, a triangle peaks half way, a beta bell has its area") {
  const auto cosine = weight_schedule::cosine(1, 4, 3, 2, weight_unit::sigma);
  CHECK(cosine.at(5) == 1);
  CHECK_THAT(cosine.at(3.5), WithinRel(1 + (1 - std::sqrt(0.5)), 1e-12));
  CHECK_THAT(cosine.at(3), WithinRel(2.0, 1e-12));
  CHECK(cosine.at(1) == 3);
  const auto triangle = weight_schedule::triangle(1, 5, 0, 1);
  CHECK_THAT(triangle.at(within(1)), WithinRel(1 + 4 * 2 * 3.5 / 8, 1e-9));
  const auto bell = weight_schedule::beta(3, 2, 3, 8, 2, weight_unit::sigma);
  CHECK(bell.at(9) == 0);
  CHECK(bell.at(1) == 0);
  CHECK_THAT(bell.at(5), WithinRel(3 * 12 * 0.5 * 0.25, 1e-12));
  double area = 0;
  for (int i = 0; i < 1000; ++i) area += bell.at(8 - 6 * (i + 0.5) / 1000) / 1000;
  CHECK_THAT(area, WithinRel(3.0, 1e-5));
  CHECK(bell.breakpoints().empty());
  CHECK(weight_schedule::beta(3, 1, 2, 8, 2, weight_unit::sigma).breakpoints() == std::vector<double>{8});
}

TEST_CASE("a line in sigma squared is the weight of arXiv 2602.00716, and is clamped at infinite noise") {
  const auto line = weight_schedule::linear(-1, 0.25);
  CHECK(line.at(0) == -1);
  CHECK(line.at(2) == 0);
  CHECK(line.at(4) == 3);
  CHECK(line.breakpoints().empty());
  CHECK(line.clamped(-0.5, 2).at(0) == -0.5);
  CHECK(line.clamped(-0.5, 2).at(infinity) == 2);
  const classifier_free endless{.weight = line};
  const noise_level pure{1, 0, 1}, low{0, 1, 1};
  CHECK_THROWS_WITH(endless.needs({.at = pure, .from = pure, .to = low}), ContainsSubstring("finite weights"));
}

TEST_CASE("a product reads its factors, jumps where either does and is zero where one is") {
  const auto w = weight_schedule::interval(2, 1, 10) * weight_schedule::ramp(0, 8, 1, 2);
  CHECK(w.at(11) == 0);
  CHECK(w.at(5) == 1);
  CHECK(w.at(1.5) == 2);
  CHECK(w.at(1) == 0);
  CHECK(w.breakpoints() == std::vector<double>{10, 1});
  CHECK((weight_schedule::interval(2, 1, 10) * weight_schedule::linear(1, 1)).at(infinity) == 0);
  CHECK((weight_schedule::linear(1, 1) * weight_schedule::interval(2, 1, 10)).at(infinity) == 0);
  CHECK((weight_schedule::window(2, 1, 3) * weight_schedule::window(1, 1, 5)).breakpoints() ==
        std::vector<double>{5, 3});
}

TEST_CASE("the bounds of a weight hold at every level") {
  const auto bounds = [](const weight_schedule& w) { return std::vector<double>{w.bounds().low, w.bounds().high}; };
  CHECK(bounds(3) == std::vector<double>{3, 3});
  CHECK(bounds(weight_schedule::window(2, 0.5, 1)) == std::vector<double>{-0.5, 2});
  CHECK(bounds(weight_schedule::triangle(1, 5, 0, 1)) == std::vector<double>{1, 5});
  CHECK(bounds(weight_schedule::beta(2, 2, 2)) == std::vector<double>{0, 3});
  CHECK(bounds(weight_schedule::beta(2, 1, 1)) == std::vector<double>{0, 2});
  CHECK(bounds(weight_schedule::linear(-1, 1)) == std::vector<double>{-1, infinity});
  CHECK(bounds(weight_schedule::linear(1, -1)) == std::vector<double>{-infinity, 1});
  CHECK(bounds(weight_schedule::linear(-1, 1).clamped(-0.5, 2)) == std::vector<double>{-0.5, 2});
  CHECK(bounds(weight_schedule::window(2, 0.5, 1) * weight_schedule::window(1, 3, 2)) == std::vector<double>{-6, 2});
}

TEST_CASE("a weight schedule of any shape refuses what it cannot read") {
  CHECK_THROWS_WITH(weight_schedule::table({}), ContainsSubstring("no points"));
  CHECK_THROWS_WITH(weight_schedule::table({{1, 0}, {2, 0}}), ContainsSubstring("falling order"));
  CHECK_THROWS_WITH(weight_schedule::ramp(0, 0.5, 1, 0.2, weight_unit::fraction), ContainsSubstring("rising order"));
  CHECK_THROWS_WITH(weight_schedule::ramp(0, 0.5, 1, 1.2, weight_unit::fraction), ContainsSubstring("from 0 to 1"));
  CHECK_THROWS_WITH(weight_schedule::ramp(0, 5, 1, 2, weight_unit::log_snr), ContainsSubstring("rising order"));
  CHECK_THROWS_WITH(weight_schedule::beta(1, 0.5, 2), ContainsSubstring("1 to 50"));
  CHECK_THROWS_WITH(weight_schedule::linear(infinity, 1), ContainsSubstring("finite weights"));
  CHECK_THROWS_WITH(weight_schedule{1}.clamped(2, 1), ContainsSubstring("low <= high"));
  CHECK_THROWS_WITH(weight_schedule::product({}), ContainsSubstring("no factors"));
}

TEST_CASE("a time and a fraction stand on the side of the leg") {
  const noise_level from{10, 1, 4}, to{5, 1, 1};
  const guidance_position start{.at = from, .from = from, .to = to, .step = 1, .steps = 4};
  guidance_position end = start, above = start;
  end.at = to;
  above.at = {12, 1, 5};  // churned
  CHECK(start.time() < 10);
  CHECK(start.time() > 9.999999);
  CHECK(end.time() > 5);
  CHECK(start.fraction() > 0.25);
  CHECK(start.fraction() < 0.2500001);
  CHECK(end.fraction() < 0.5);
  CHECK(above.fraction() > 0.25);
  CHECK(above.time() == 12);
}
