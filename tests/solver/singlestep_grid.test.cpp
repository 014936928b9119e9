// Singlestep solvers on the grid's own levels: orders, what they are on even grids, their noise.
#include "catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <noisefall/solver/dpm_singlestep.hpp>
#include <noisefall/solver/dpm_singlestep_grid.hpp>

#include "solver/measured_order.hpp"
#include "solver/scalar_run.hpp"

using namespace noisefall;

TEST_CASE("L10: a singlestep solver on the grid's levels has its order") {
  for (const auto of : {quantity::x0, quantity::eps})
    for (const auto kind : {dpm_singlestep::kind::midpoint, dpm_singlestep::kind::heun})
      for (int order = 1; order <= 3; ++order) {
        CAPTURE(order, of == quantity::eps, kind == dpm_singlestep::kind::heun);
        CHECK(scalar::measured_order(dpm_singlestep_grid{.order = order, .of = of, .correction = kind}) ==
              Approx(order).margin(0.2));
      }
}

TEST_CASE("L10: as SDE it has weak order 2 at most, and 1 with fresh noise for every result") {
  for (int order = 1; order <= 3; ++order)
    for (const bool fresh : {false, true}) {
      CAPTURE(order, fresh);
      const dpm_singlestep_grid solver{
          .order = order, .correction = dpm_singlestep::kind::heun, .tau_squared = 1, .fresh_noise = fresh};
      CHECK(solver.weak_order() == (fresh ? 1 : std::min(order, 2)));
      CHECK(scalar::measured_weak_order(solver) == Approx(solver.weak_order()).margin(0.15));
    }
}

TEST_CASE("groups of legs over a grid uniform in lambda make the steps of dpm_singlestep") {
  const scalar::two_gaussians data;
  for (const auto of : {quantity::x0, quantity::eps})
    for (const auto& [order, kind] : {std::pair{2, dpm_singlestep::kind::midpoint},
                                      {2, dpm_singlestep::kind::heun},
                                      {3, dpm_singlestep::kind::heun}}) {
      CAPTURE(order);
      std::vector<double> fine, coarse;
      for (int i = 0; i <= 4 * order; ++i) {
        fine.push_back(-1 + 0.2 * i);
        if (i % order == 0) coarse.push_back(fine.back());
      }
      const auto a = scalar::run(dpm_singlestep_grid{.order = order, .of = of, .correction = kind},
                                 scalar::vp_legs(fine), 0.9, data);
      const auto b =
          scalar::run(dpm_singlestep{.order = order, .of = of, .correction = kind}, scalar::vp_legs(coarse), 0.9, data);
      CHECK(a.x == Approx(b.x).epsilon(1e-12));
      CHECK(a.evaluations == b.evaluations);
    }
}

TEST_CASE("the last leg of a group has order 1 if it ends the run and is asked to") {
  const auto path = scalar::vp_legs(std::array{-2.0, -1.0, 0.0, 1.0, 2.0});
  const auto last = [&](const dpm_singlestep_grid& solver) {
    return solver.plan(scalar::window_at(path, 3, solver.history())).result;
  };
  CHECK(last({.order = 2}).past[0] != 0);
  CHECK(last({.order = 2, .lower_order_final = true}).past[0] == 0);
  CHECK(last({.order = 3, .lower_order_final = true}).past[0] == 0);  // four legs: a group's first anyway
}

TEST_CASE("fresh noise of a group's last leg takes out what the leg before it drew") {
  const auto path = scalar::vp_legs(std::array{-1.0, -0.4, 0.3});
  const auto window = scalar::window_at(path, 1, 1);
  const noise_level s = path[0].from, m = path[0].to, t = path[1].to;
  const dpm_singlestep_grid shares{.order = 2, .tau_squared = 1};
  dpm_singlestep_grid fresh = shares;
  fresh.fresh_noise = true;
  const step_plan a = shares.plan(window), b = fresh.plan(window);
  const double h = t.lambda() - s.lambda(), to_m = m.lambda() - s.lambda();
  const auto noise = [](const noise_level& l, double length) { return l.sigma * std::sqrt(-std::expm1(-2 * length)); };
  CHECK(a.result.x == b.result.x);
  CHECK(a.result.noise[0] == Approx(noise(t, h - to_m)).epsilon(1e-13));
  CHECK(b.result.noise[0] == Approx(noise(t, h)).epsilon(1e-13));
  CHECK(b.result.noise[1] == Approx(-b.result.x * noise(m, to_m)).epsilon(1e-13));
  CHECK(b.slots[1].step == 0);
  // the shared noise adds up to that of the whole
  const double both = a.result.noise[0] * a.result.noise[0] + std::pow(a.result.x * noise(m, to_m), 2);
  CHECK(both == Approx(std::pow(noise(t, h), 2)).epsilon(1e-13));
}
