// The plain formulas behind the spacings, against the figures of diffusers, k-diffusion and numpy.
#include <cmath>
#include <numbers>
#include <vector>

#include <noisefall/schedule/betas.hpp>
#include <noisefall/trajectory/ramps.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

void same(const std::vector<double>& found, const std::vector<double>& expected, double tolerance = 1e-12) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK_THAT(found[i], WithinRel(expected[i], tolerance));
}

// diffusers' linear table of 1000.
constexpr double low = 0.010000500037502575, high = 157.40728081040757;

}  // namespace

TEST_CASE("linear_ramp has the bits of numpy.linspace") {
  const std::vector<double> ramp = nf::linear_ramp(11, 1.0, 0.001);
  CHECK(ramp[3] == 0.7002999999999999);
  CHECK(ramp[6] == 0.40059999999999996);
  CHECK(ramp.back() == 0.001);
  CHECK(nf::linear_ramp(1, 3, 7) == std::vector<double>{3});
  CHECK(nf::linear_ramp(0, 3, 7).empty());
}

TEST_CASE("the sigma ramps have the figures of diffusers") {
  same(nf::karras_ramp(5, low, high),
       {157.40728081040749, 36.90895160563345, 5.911208764768033, 0.49130117082418834, 0.010000500037502566});
  same(nf::exponential_ramp(5, low, high),
       {157.40728081040763, 14.053161634984134, 1.254651950800563, 0.11201404769507126, 0.010000500037502575});
  same(nf::lu_ramp(5, low, high), nf::exponential_ramp(5, low, high), 1e-14);
  same(nf::beta_ramp(5, low, high),
       {157.40728081040757, 129.75566700657737, 78.70864065522255, 27.661614303867687, 0.010000500037502575});
}

TEST_CASE("the Karras ramp has the figures of k-diffusion and EDM") {
  same(nf::karras_ramp(5, 0.05, 80), {80.0, 23.049956241630934, 5.069389948954761, 0.7319844168894635, 0.05});
  same(nf::karras_ramp(5, 0.002, 80), {80.0, 17.52783196464411, 2.515218976147159, 0.16975275626876413, 0.002});
}

TEST_CASE("polyexponential with power 1 is exponential, and the VP ramp is its formula") {
  same(nf::polyexponential_ramp(7, 0.05, 80), nf::exponential_ramp(7, 0.05, 80), 1e-13);
  const std::vector<double> vp = nf::vp_ramp(5);
  CHECK_THAT(vp.front(), WithinRel(std::sqrt(std::exp(10.05) - 1), 1e-13));
  CHECK_THAT(vp.back(), WithinRel(std::sqrt(std::expm1(19.9e-6 / 2 + 1e-4)), 1e-14));
}

TEST_CASE("a ramp of one value is the upper end, and none is refused") {
  same(nf::karras_ramp(1, 0.1, 9), {9}, 1e-15);
  same(nf::exponential_ramp(1, 0.1, 9), {9}, 1e-15);
  same(nf::polyexponential_ramp(1, 0.1, 9), {9}, 1e-15);
  same(nf::lu_ramp(1, 0.1, 9), {9}, 1e-15);
  same(nf::beta_ramp(1, 0.1, 9), {9}, 1e-15);
  CHECK_THROWS_MATCHES(nf::karras_ramp(0, 0.1, 9), nf::error, Message("karras: steps: 0; allowed: 1 or more"));
  CHECK_THROWS_AS(nf::beta_ramp(0, 0.1, 9), nf::error);
  CHECK_THROWS_AS(nf::exponential_ramp(3, 0, 9), nf::error);
  CHECK_THROWS_AS(nf::karras_ramp(3, 1, INFINITY), nf::error);
  CHECK_THROWS_AS(nf::karras_ramp(3, 1, 9, 0), nf::error);
}

TEST_CASE("flow shifts have the figures of diffusers and keep 0 and 1") {
  // linspace(1000, 1, 5) / 1000, dynamically shifted
  same({nf::time_shift_exponential(1.15, 1), nf::time_shift_exponential(1.15, 0.75025),
        nf::time_shift_exponential(1.15, 0.001)},
       {1.0, 0.9046458828316847, 0.0031513915986858274});
  same({nf::time_shift_linear(1.4, 0.75025), nf::time_shift_linear(1.4, 0.25075)},
       {0.8078993923544342, 0.3190493501772243});
  for (const double s : {0.2, 0.5, 0.9})
    CHECK_THAT(nf::time_shift(3, s), WithinRel(nf::time_shift_exponential(std::log(3.0), s), 1e-15));
  for (const double end : {0.0, 1.0}) {
    CHECK(nf::time_shift(3, end) == end);
    CHECK(nf::time_shift_exponential(1.15, end) == end);
    CHECK(nf::time_shift_linear(1.15, end) == end);
  }
}

TEST_CASE("stretching ends at the terminal value, and leaves a single step of pure noise alone") {
  const std::vector<double> stretched = nf::stretch_to_terminal(nf::linear_ramp(10, 1, 0.001), 0.1);
  for (std::size_t i = 0; i < 10; ++i) CHECK_THAT(stretched[i], WithinAbs(1 - 0.1 * static_cast<double>(i), 1e-15));
  CHECK(nf::stretch_to_terminal({1.0}, 0.1) == std::vector<double>{1.0});
}

TEST_CASE("mu is linear in the sequence length") {
  CHECK_THAT(nf::resolution_mu(256), WithinRel(0.5, 1e-14));
  CHECK_THAT(nf::resolution_mu(4096), WithinRel(1.15, 1e-14));
  CHECK_THAT(nf::resolution_mu(8192), WithinRel(1.15 + 0.65 * 4096 / 3840, 1e-14));
}

TEST_CASE("the beta quantile meets its closed forms to 1e-13") {
  for (int i = 1; i < 400; ++i) {
    const double p = i / 400.0, root = std::sin(std::numbers::pi * p / 2);
    CHECK_THAT(nf::beta_quantile(p, 0.5, 0.5), WithinAbs(root * root, 1e-13));
    CHECK_THAT(nf::beta_quantile(p, 1, 1), WithinAbs(p, 1e-13));
    CHECK_THAT(nf::beta_quantile(p, 3, 1), WithinAbs(std::cbrt(p), 1e-13));
    CHECK_THAT(nf::beta_quantile(p, 1, 0.3), WithinAbs(1 - std::pow(1 - p, 1 / 0.3), 1e-13));
    const double x = nf::beta_quantile(p, 2, 2);
    CHECK_THAT(x * x * (3 - 2 * x), WithinAbs(p, 1e-13));
    CHECK_THAT(nf::beta_quantile(1 - p, 0.6, 0.6) + nf::beta_quantile(p, 0.6, 0.6), WithinAbs(1, 1e-13));
  }
}

TEST_CASE("the beta quantile is exact at its ends and refuses what it cannot do") {
  CHECK(nf::beta_quantile(0, 0.6, 0.6) == 0);
  CHECK(nf::beta_quantile(1, 0.6, 0.6) == 1);
  CHECK_THAT(nf::beta_quantile(1e-9, 0.5, 0.5), WithinRel(std::pow(std::sin(std::numbers::pi * 5e-10), 2), 1e-13));
  CHECK_THROWS_AS(nf::beta_quantile(-0.1, 1, 1), nf::error);
  CHECK_THROWS_AS(nf::beta_quantile(NAN, 1, 1), nf::error);
  CHECK_THROWS_AS(nf::beta_quantile(0.5, 0, 1), nf::error);
  CHECK_THROWS_AS(nf::beta_quantile(0.5, 1, 51), nf::error);
}
