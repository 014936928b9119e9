// Solvers that add noise around a singlestep DPM-Solver: what they are without it, their formulas, their weak orders.
#include "catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/dpm_2_churn.hpp>
#include <noisefall/solver/dpm_ancestral.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>

#include "solver/measured_order.hpp"
#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

const std::vector<leg> legs = scalar::vp_legs(std::array{-2.0, -0.7, 0.1, 0.8, 1.6});

// The same levels as k-diffusion counts them: alpha = 1.
noise_level exploding(double rho) { return {rho, 1, rho}; }
constexpr auto exploding_at_lambda = [](double lambda) { return exploding(std::exp(-lambda)); };

template <class Solver>
step_plan plan_between(const Solver& solver, double from, double to) {
  const std::vector<leg> one = scalar::legs_through(std::array{exploding(from), exploding(to)});
  step_window window = scalar::window_at(one, 0, 0);
  window.at_lambda = exploding_at_lambda;
  return solver.plan(window);
}

void same(const row& a, const row& b) {
  CHECK(a.x == Approx(b.x).epsilon(1e-13));
  for (std::size_t k = 0; k < max_evaluations; ++k) CHECK(a.now[k] == Approx(b.now[k]).epsilon(1e-12));
  CHECK(a.noise[0] == Approx(b.noise[0]).epsilon(1e-13));
}

}  // namespace

TEST_CASE("dpm_ancestral of order 1 is DDIM of that eta") {
  for (const double eta : {0.3, 1.0, 1.05, 3.0})
    for (std::size_t i = 0; i < legs.size(); ++i) {
      const auto window = scalar::window_at(legs, i, 0);
      same(dpm_ancestral{.order = 1, .eta = eta}.plan(window).result, ddim{.eta = eta}.plan(window).result);
    }
}

TEST_CASE("dpm_ancestral without noise is dpm_singlestep, to the bit") {
  for (const auto of : {quantity::x0, quantity::eps})
    for (int order = 1; order <= 3; ++order) {
      const auto window = scalar::window_at(legs, 1, 0);
      const step_plan a = dpm_ancestral{.order = order, .of = of, .eta = 0}.plan(window);
      const step_plan b = dpm_singlestep{.order = order, .of = of}.plan(window);
      CHECK(a.result == b.result);
      CHECK(a.evaluations.size() == b.evaluations.size());
    }
}

TEST_CASE("DPM2 ancestral and DPM++ 2S ancestral have k-diffusion's formulas") {
  const double s = 3, t = 1.2, eta = 0.8, up = std::min(t, eta * std::sqrt(t * t * (s * s - t * t) / (s * s))),
               down = std::sqrt(t * t - up * up), middle = std::sqrt(s * down);
  const step_plan two = plan_between(dpm_ancestral{.order = 2, .of = quantity::eps, .eta = eta, .s_noise = 1.1}, s, t);
  REQUIRE(two.evaluations.size() == 2);
  CHECK(two.evaluations[1].at.sigma == Approx(middle).epsilon(1e-14));
  CHECK(two.evaluations[1].state.x == Approx(1));
  CHECK(two.evaluations[1].state.now[0] == Approx(middle - s).epsilon(1e-13));
  CHECK(two.result.x == Approx(1));
  CHECK(two.result.now[0] == Approx(0).margin(1e-14));
  CHECK(two.result.now[1] == Approx(down - s).epsilon(1e-13));
  CHECK(two.result.noise[0] == Approx(1.1 * up).epsilon(1e-14));

  const step_plan plus = plan_between(dpm_ancestral{.eta = eta}, s, t);
  CHECK(plus.evaluations[1].state.x == Approx(middle / s).epsilon(1e-13));
  CHECK(plus.evaluations[1].state.now[0] == Approx(1 - middle / s).epsilon(1e-13));
  CHECK(plus.result.x == Approx(down / s).epsilon(1e-13));
  CHECK(plus.result.now[0] == Approx(0).margin(1e-14));
  CHECK(plus.result.now[1] == Approx(1 - down / s).epsilon(1e-13));
}

TEST_CASE("end_is_floor keeps the levels that are evaluated above the end, and the variance") {
  const step_plan p = plan_between(dpm_ancestral{.order = 1, .eta = 1, .end_is_floor = true}, 3, 1.2);
  CHECK(p.result.x == Approx(1.2 / 3).epsilon(1e-14));
  CHECK(p.result.noise[0] == 0);
}

TEST_CASE("dpm_2_churn without churn is DPM-Solver-2, with it k-diffusion's DPM2") {
  for (std::size_t i = 0; i < legs.size(); ++i) {
    const auto window = scalar::window_at(legs, i, 0);
    CHECK(dpm_2_churn{}.plan(window).result == dpm_singlestep{.order = 2, .of = quantity::eps}.plan(window).result);
  }
  const double s = 3, t = 1.2, hat = s * 1.1, noise = 1.05 * std::sqrt(hat * hat - s * s), middle = std::sqrt(hat * t);
  const step_plan p = plan_between(dpm_2_churn{.s_churn = 0.1, .s_noise = 1.05}, s, t);
  REQUIRE(p.evaluations.size() == 2);
  CHECK(p.evaluations[0].at.sigma == Approx(hat).epsilon(1e-14));
  CHECK(p.evaluations[0].state.noise[0] == Approx(noise).epsilon(1e-13));
  CHECK(p.evaluations[1].at.sigma == Approx(middle).epsilon(1e-14));
  CHECK(p.evaluations[1].state.now[0] == Approx(middle - hat).epsilon(1e-13));
  CHECK(p.evaluations[1].state.noise[0] == Approx(noise).epsilon(1e-13));
  CHECK(p.result.x == Approx(1));
  CHECK(p.result.now[1] == Approx(t - hat).epsilon(1e-13));
  CHECK(p.result.noise[0] == Approx(noise).epsilon(1e-13));
}

TEST_CASE("L10: solvers around a singlestep DPM-Solver have its order without noise") {
  CHECK(scalar::measured_order(dpm_2_churn{}) == Approx(2).margin(0.12));
  for (int order = 1; order <= 3; ++order)
    CHECK(scalar::measured_order(dpm_ancestral{.order = order, .eta = 0}) == Approx(order).margin(0.12));
}

TEST_CASE("L10: ancestral noise has the weak order declared") {
  for (int order = 1; order <= 3; ++order) {
    CAPTURE(order);
    const dpm_ancestral solver{.order = order};
    CHECK(solver.weak_order() == order);
    CHECK(scalar::measured_weak_order(solver) == Approx(solver.weak_order()).margin(0.15));
  }
  CHECK(dpm_ancestral{.s_noise = 1.1}.weak_order() == 0);
}
