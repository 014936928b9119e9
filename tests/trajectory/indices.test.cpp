// Which training indices a discrete spacing visits.
#include <algorithm>
#include <cmath>
#include <vector>

#include <noisefall/schedule/betas.hpp>
#include <noisefall/trajectory/indices.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using indices = std::vector<long>;

TEST_CASE("a half rounds to the even integer, on both sides of zero") {
  CHECK(nf::round_half_even(1, 2) == 0);
  CHECK(nf::round_half_even(3, 2) == 2);
  CHECK(nf::round_half_even(5, 2) == 2);
  CHECK(nf::round_half_even(-1, 2) == 0);
  CHECK(nf::round_half_even(-3, 2) == -2);
  CHECK(nf::round_half_even(7, 3) == 2);
  CHECK(nf::round_half_even(8, 3) == 3);
  CHECK(nf::round_half_even(-8, 3) == -3);
  CHECK(nf::round_half_even(6, 3) == 2);
}

TEST_CASE("linspace has the labels of diffusers") {
  CHECK(nf::linspace_indices(5, 1000) == indices{999, 749, 500, 250, 0});
  CHECK(nf::linspace_indices(10, 1000, nf::index_rule::points) ==
        indices{999, 899, 799, 699, 599, 500, 400, 300, 200, 100});
  CHECK(nf::linspace_indices(1, 1000) == indices{0});
  CHECK(nf::linspace_indices(1, 1000, nf::index_rule::points) == indices{999});
}

TEST_CASE("leading has the labels of diffusers") {
  CHECK(nf::leading_indices(10, 1000) == indices{900, 800, 700, 600, 500, 400, 300, 200, 100, 0});
  CHECK(nf::leading_indices(5, 1000, 0, nf::index_rule::points) == indices{830, 664, 498, 332, 166});
  CHECK(nf::leading_indices(3, 10, 1) == indices{7, 4, 1});
}

TEST_CASE("trailing has the labels of diffusers") {
  CHECK(nf::trailing_indices(10, 1000) == indices{999, 899, 799, 699, 599, 499, 399, 299, 199, 99});
  CHECK(nf::trailing_indices(5, 1000) == indices{999, 799, 599, 399, 199});
  CHECK(nf::trailing_indices(4, 1000, 900) == indices{899, 649, 399, 149});
}

TEST_CASE("trailing has exactly n indices for every n, from the last one down, none below 0") {
  for (std::size_t n = 1; n <= 1000; ++n) {
    const indices found = nf::trailing_indices(n, 1000);
    REQUIRE(found.size() == n);
    REQUIRE(found.front() == 999);
    REQUIRE(found.back() >= 0);
    REQUIRE(std::is_sorted(found.rbegin(), found.rend()));
    REQUIRE(std::adjacent_find(found.begin(), found.end()) == found.end());
    REQUIRE(nf::trailing_indices(n, 1000, 1000, nf::index_arithmetic::numpy).size() == n);
  }
}

TEST_CASE("exact fractions and numpy part only where a fraction is a half") {
  const indices exact = nf::linspace_indices(27, 1000);
  const indices numpy = nf::linspace_indices(27, 1000, nf::index_rule::labels, nf::index_arithmetic::numpy);
  CHECK(exact[13] == 500);  // 499.5 to the even one
  CHECK(numpy[13] == 499);  // 13 * (999 / 26) lies below 499.5 in double
  CHECK(nf::trailing_indices(48, 1000) != nf::trailing_indices(48, 1000, 1000, nf::index_arithmetic::numpy));
  int parted = 0;
  for (std::size_t n = 1; n <= 1000; ++n)
    parted += nf::linspace_indices(n, 1000) !=
              nf::linspace_indices(n, 1000, nf::index_rule::labels, nf::index_arithmetic::numpy);
  CHECK(parted == 92);
}

TEST_CASE("quadratic indices are the truncated squares") {
  CHECK(nf::quadratic_indices(5, 1000) == indices{800, 450, 200, 50, 0});
}

TEST_CASE("no steps and more steps than indices are refused") {
  CHECK_THROWS_MATCHES(nf::trailing_indices(2000, 1000), nf::error,
                       Message("trailing: steps: 2000; allowed: 1 to 1000"));
  CHECK_THROWS_MATCHES(nf::linspace_indices(0, 1000), nf::error, Message("linspace: steps: 0; allowed: 1 to 1000"));
  CHECK_THROWS_AS(nf::leading_indices(1001, 1000), nf::error);
  CHECK_THROWS_AS(nf::quadratic_indices(0, 1000), nf::error);
}

TEST_CASE("an index is found from its sigma, between two as well, and clamped") {
  const std::vector<double> bars = nf::alphas_cumprod(nf::betas::linear(1000));
  std::vector<double> logs;
  for (const double bar : bars) logs.push_back(0.5 * std::log((1 - bar) / bar));
  CHECK_THAT(nf::sigma_to_index(logs, std::exp(logs[500])), WithinAbs(500, 1e-9));
  CHECK_THAT(nf::sigma_to_index(logs, std::exp(0.75 * logs[20] + 0.25 * logs[21])), WithinAbs(20.25, 1e-9));
  CHECK(nf::sigma_to_index(logs, 1e6) == 999);
  CHECK(nf::sigma_to_index(logs, 0) == 0);
  // The labels that diffusers gives its five Karras levels, before rounding.
  CHECK(std::lrint(nf::sigma_to_index(logs, 36.90895160563345)) == 843);
  CHECK(std::lrint(nf::sigma_to_index(logs, 5.911208764768033)) == 593);
  CHECK(std::lrint(nf::sigma_to_index(logs, 0.49130117082418834)) == 142);
  CHECK(nf::sigma_to_index(std::vector<double>{1.0}, 5) == 0);
  CHECK_THROWS_AS(nf::sigma_to_index(std::vector<double>{}, 5), nf::error);
}
