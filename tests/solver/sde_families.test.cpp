// SEEDS, ER-SDE and gradient estimation: what they are in special cases, their orders with and without noise.
#include "catch.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <noisefall/solver/ddpm.hpp>
#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/er_sde.hpp>
#include <noisefall/solver/exponential.hpp>
#include <noisefall/solver/gradient_estimation.hpp>
#include <noisefall/solver/lms.hpp>
#include <noisefall/solver/seeds.hpp>

#include "solver/measured_order.hpp"
#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

const std::vector<leg> legs = scalar::vp_legs(std::array{-1.2, -0.6, -0.1, 0.3, 0.9});

void same(const row& a, const row& b) {
  CHECK(a.x == Approx(b.x).epsilon(1e-13));
  for (std::size_t k = 0; k < max_evaluations; ++k) CHECK(a.now[k] == Approx(b.now[k]).epsilon(1e-12).margin(1e-15));
}

using scale = er_sde::noise_scale;

}  // namespace

TEST_CASE("SEEDS without noise is the singlestep DPM-Solver++ of its order") {
  const auto window = scalar::window_at(legs, 1, 0);
  for (int order = 1; order <= 3; ++order) {
    const seeds solver{.order = order, .tau_squared = 0, .correction = seeds::slope::midpoint};
    const step_plan a = solver.plan(window), b = dpm_singlestep{.order = order}.plan(window);
    same(a.result, b.result);
    REQUIRE(a.evaluations.size() == b.evaluations.size());
    for (std::size_t k = 0; k < a.evaluations.size(); ++k) same(a.evaluations[k].state, b.evaluations[k].state);
    CHECK(a.result.noise == std::array<double, max_noise_slots>{});
  }
  same(seeds{.tau_squared = 0}.plan(window).result,
       dpm_singlestep{.order = 2, .correction = dpm_singlestep::kind::heun}.plan(window).result);
}

TEST_CASE("SEEDS' noise is that of the SDE, and its stages lie on the same path") {
  const auto window = scalar::window_at(legs, 1, 0);
  const auto squared = [](const row& r) {
    double sum = 0;
    for (const double n : r.noise) sum += n * n;
    return sum;
  };
  for (int order = 2; order <= 3; ++order) {
    const step_plan p = seeds{.order = order, .tau_squared = 0.25}.plan(window);
    const auto noise = [&](const noise_level& to) { return leg_in_lambda(legs[1].from, to, quantity::x0, 0.25).noise; };
    CHECK(squared(p.result) == Approx(std::pow(noise(legs[1].to), 2)).epsilon(1e-13));
    for (std::size_t k = 1; k < p.evaluations.size(); ++k) {
      const row& stage = p.evaluations[k].state;
      CHECK(squared(stage) == Approx(std::pow(noise(p.evaluations[k].at), 2)).epsilon(1e-13));
      // what both know is carried on by the SDE's own factor
      const double carried = leg_in_lambda(p.evaluations[k].at, legs[1].to, quantity::x0, 0.25).a;
      CHECK(p.result.noise[0] == Approx(carried * stage.noise[0]).epsilon(1e-13));
    }
  }
}

TEST_CASE("L10: SEEDS has its order without noise, and the weak order declared with it") {
  for (int order = 1; order <= 3; ++order) {
    CAPTURE(order);
    CHECK(scalar::measured_order(seeds{.order = order, .tau_squared = 0}) == Approx(order).margin(0.12));
    const seeds solver{.order = order};
    CHECK(scalar::measured_weak_order(solver) == Approx(solver.weak_order()).margin(0.15));
  }
  CHECK(scalar::measured_order(seeds{.r = 1, .tau_squared = 0}) == Approx(2).margin(0.12));
}

TEST_CASE("ER-SDE of order 1 is the DDPM posterior with rho^2, and DDIM with rho") {
  const auto window = scalar::window_at(legs, 1, 0);
  const row a = er_sde{.order = 1, .scale = scale::sde}.plan(window).result, b = ddpm{}.plan(window).result;
  same(a, b);
  CHECK(a.noise[0] == Approx(b.noise[0]).epsilon(1e-12));
  same(er_sde{.order = 1, .scale = scale::ode}.plan(window).result, dpm_singlestep{.order = 1}.plan(window).result);
}

TEST_CASE("ER-SDE's integrals are the closed ones where there are such") {
  // phi = rho^2: m_1 = 1 - rho_t / rho_s, m_2 = 1 - 2 rho_t^2 (ln(rho_t / rho_s) / h + rho_s / h * (1 / rho_t - 1 /
  // rho_s)) / h, h = rho_t - rho_s
  const double s = legs[2].from.rho(), t = legs[2].to.rho(), h = t - s;
  const double first = (legs[1].from.rho() - s) / h, second = (legs[0].from.rho() - s) / h;
  const double m0 = 1 - t * t / (s * s), m1 = 1 - t / s;
  const double m2 = 1 - 2 * t * t / (h * h) * (std::log(t / s) + s * (1 / t - 1 / s));
  const row r = er_sde{.scale = scale::sde}.plan(scalar::window_at(legs, 2, 2)).result;
  const double alpha = legs[2].to.alpha;
  CHECK(r.now[0] + r.past[0] + r.past[1] == Approx(alpha * m0).epsilon(1e-12));
  CHECK(first * r.past[0] + second * r.past[1] == Approx(alpha * m1).epsilon(1e-12));
  CHECK(first * first * r.past[0] + second * second * r.past[1] == Approx(alpha * m2).epsilon(1e-11));
}

TEST_CASE("L10: ER-SDE has its order without noise, the third too, and the weak order declared with it") {
  for (int order = 1; order <= 3; ++order) {
    CAPTURE(order);
    const er_sde plain{.order = order, .scale = scale::ode};
    CHECK(scalar::measured_order(plain, static_cast<std::size_t>(order - 1)) == Approx(order).margin(0.15));
    const er_sde ddpm_noise{.order = order, .scale = scale::sde}, own{.order = order};
    CHECK(scalar::measured_weak_order(ddpm_noise) == Approx(ddpm_noise.weak_order()).margin(0.15));
    // with so little noise the part of order 2 is too small to be seen beside that of order 3
    CHECK(scalar::measured_weak_order(own) > own.weak_order() - 0.15);
  }
}

TEST_CASE("gradient estimation is Euler at gamma = 1 and Adams and Bashforth at 3/2 on an even grid") {
  std::vector<noise_level> levels;
  for (const double rho : {4.0, 3.0, 2.0, 1.0}) levels.push_back(scalar::vp(-std::log(rho)));
  const auto even = scalar::legs_through(levels);
  const auto window = scalar::window_at(even, 2, 1);
  CHECK(gradient_estimation{.gamma = 1}.plan(window).result == eps_row(even[2].from, even[2].to));
  const row a = gradient_estimation{.gamma = 1.5}.plan(window).result, b = lms{.order = 2}.plan(window).result;
  same(a, b);
  CHECK(a.past[0] == Approx(b.past[0]).epsilon(1e-12));
  CHECK(scalar::measured_order(gradient_estimation{}) == Approx(1).margin(0.1));
}
