// Windows and lines that leave the spread of a Gaussian class as it is: the tables of an independent program.
#include <cmath>
#include <vector>

#include <noisefall/guidance/neutral.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/trajectory/karras.hpp>

#include "catch.hpp"

using namespace noisefall;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

TEST_CASE("the neutral window of an ODE has its closed form") {
  struct row {
    double w1, w2, sigma1;
  };
  for (const auto& [w1, w2, sigma1] : {row{1, 1, 1.41421356}, row{2, 1, 2.02663345}, row{4, 1, 2.89645281},
                                       row{6.5, 1, 3.71167115}, row{2, 0.5, 2.89645281}, row{2, 2, 1.41421356}}) {
    CHECK_THAT(neutral_sigma(1, 4, w1, w2), WithinAbs(sigma1, 1e-8));
    CHECK(neutral_window(1, 4, w1, w2) == weight_schedule::window(w1, w2, neutral_sigma(1, 4, w1, w2)));
  }
  CHECK_THAT(neutral_sigma(4, 1, 1, 1), WithinRel(std::sqrt(2.0), 1e-12));  // guidance that inflates
}

TEST_CASE("the neutral window of an SDE is another one") {
  CHECK_THAT(neutral_sigma(1, 4, 1, 1, 1), WithinAbs(0.696549, 1e-6));
  CHECK_THAT(neutral_sigma(1, 4, 2, 1, 1), WithinAbs(0.851023, 1e-6));
  CHECK_THAT(neutral_sigma(1, 4, 4, 1, 1), WithinAbs(0.973923, 1e-6));
  // Little noise is nearly none.
  CHECK_THAT(neutral_sigma(1, 4, 2, 1, 1e-9), WithinRel(neutral_sigma(1, 4, 2, 1), 1e-6));
}

TEST_CASE("a constant weight has the variances of the closed forms, for any noise") {
  // w, ODE, SDE at a = 1, b = 4
  struct row {
    double w, ode, sde;
  };
  const gaussian_pair pair{1, 4};
  for (const auto& [w, ode, sde] : {row{-0.5, 2, 1.8483924815}, row{0.5, 0.5, 0.625}, row{1, 0.25, 0.4375},
                                    row{2, 0.0625, 0.26640625}, row{4, 0.00390625, 0.1481475830}}) {
    CHECK_THAT(pair.after({pair.far(), 0, w}, 1 + pair.far()), WithinRel(ode, 1e-9));
    CHECK_THAT(pair.after({pair.far(), 0, w, 0, 1}, 1 + pair.far()), WithinRel(sde, 1e-9));
  }
  // In two pieces as in one.
  const double there = pair.after({pair.far(), 3, 2, 0, 0.4}, 1 + pair.far());
  CHECK_THAT(pair.after({3, 0, 2, 0, 0.4}, there),
             WithinRel(pair.after({pair.far(), 0, 2, 0, 0.4}, 1 + pair.far()), 1e-9));
  // The line of the table, not neutral: T = 25, w0 = -0.5, omega = 0.2.
  CHECK_THAT(pair.after({25, 0, -0.5, 0.2}, 26), WithinAbs(0.7448038879, 1e-10));
}

TEST_CASE("the neutral slope goes with the highest noise") {
  struct row {
    double top, w0, omega;
  };
  for (const auto& [top, w0, omega] : {row{10, -1, 0.4382180172}, row{10, -0.5, 0.2191090086},
                                       row{25, -1, 0.2737076477}, row{100, -1, 0.1612190987}}) {
    CHECK_THAT(neutral_slope(1, 4, std::sqrt(top), w0), WithinAbs(omega, 1e-10));
    CHECK_THAT((gaussian_pair{1, 4}.after({top, 0, w0, omega}, 1 + top)), WithinAbs(1, 1e-9));
    const double noisy = neutral_slope(1, 4, std::sqrt(top), w0, 1);
    CHECK_THAT((gaussian_pair{1, 4}.after({top, 0, w0, noisy, 1}, 1 + top)), WithinAbs(1, 1e-9));
    CHECK(noisy > omega);  // the noise restores spread, so that less is given back
  }
}

TEST_CASE("a churned run is as noisy as its gamma says, leg by leg") {
  const trajectory path = karras{.steps = 40, .sigma_min = 0.002, .sigma_max = 80, .end = final_level::zero}(edm{});
  const auto legs = churn_stochasticity(path, 8, 0.05, 50);
  REQUIRE(legs.size() == path.steps());
  CHECK(legs.front().lambda == 0);  // above s_tmax
  CHECK(legs.back().lambda == 0);   // to sigma = 0
  const auto& l = legs[20];
  CHECK_THAT(l.lambda, WithinRel(std::log(1.2) / std::log(l.from / l.to), 1e-12));
  CHECK(churn_stochasticity(path, 1e9)[20].lambda == std::log1p(std::sqrt(2.0) - 1) / std::log(l.from / l.to));
  // No noise is the ODE's window, but for its finite ends; noise of strength 1 everywhere is the SDE's.
  CHECK_THAT(neutral_sigma(1, 4, 2, 1, churn_stochasticity(path, 0)), WithinRel(neutral_sigma(1, 4, 2, 1), 1e-3));
  const std::vector<stochastic_leg> all{{1e5, 10, 1}, {10, 0.5, 1}, {0.5, 0, 1}};
  CHECK_THAT(neutral_sigma(1, 4, 2, 1, all), WithinRel(neutral_sigma(1, 4, 2, 1, 1), 1e-8));
  // Between the two, as the noise is.
  const double churned = neutral_sigma(1, 4, 2, 1, legs);
  CHECK(churned < neutral_sigma(1, 4, 2, 1));
  CHECK(churned > neutral_sigma(1, 4, 2, 1, 3));
}

TEST_CASE("a neutral window refuses what has none") {
  CHECK_THROWS_WITH(neutral_sigma(1, 1, 2, 1), ContainsSubstring("variances that differ"));
  CHECK_THROWS_WITH(neutral_sigma(1, 4, 2, 0), ContainsSubstring("both above 0"));
  CHECK_THROWS_WITH(neutral_sigma(1, 4, -1, 1), ContainsSubstring("both above 0"));
  CHECK_THROWS_WITH(neutral_sigma(1, 4, 2, 1, -1), ContainsSubstring("stochasticity"));
  CHECK_THROWS_WITH(neutral_sigma(0, 4, 2, 1, 1), ContainsSubstring("variance"));
  CHECK_THROWS_WITH(neutral_slope(1, 4, 10, 0.5), ContainsSubstring("-1 <= w0 < 0"));
}
