// LMS and DEIS: golden coefficients, orders, and what they are on special grids.
#include "catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <noisefall/solver/adams.hpp>
#include <noisefall/solver/deis.hpp>
#include <noisefall/solver/first_order.hpp>
#include <noisefall/solver/lms.hpp>
#include <noisefall/solver/pndm.hpp>

#include "solver/measured_order.hpp"
#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

const std::vector<leg> golden = scalar::vp_legs(std::array{-1.2, -0.6, -0.1, 0.3, 0.9});

template <class Solver>
row last_row(const Solver& solver) {
  return solver.plan(scalar::window_at(golden, 3, solver.history())).result;
}

void same(const row& r, double x, const std::vector<double>& weights) {
  CHECK(r.x == Approx(x).epsilon(1e-12));
  CHECK(r.now[0] == Approx(weights[0]).epsilon(1e-12));
  for (std::size_t k = 0; k < max_history; ++k)
    CHECK(r.past[k] == Approx(k + 1 < weights.size() ? weights[k + 1] : 0).epsilon(1e-12));
}

// Legs of equal length in rho.
std::vector<leg> uniform_rho() {
  std::vector<noise_level> levels;
  for (const double rho : {5.0, 4.0, 3.0, 2.0, 1.0}) levels.push_back(scalar::vp(-std::log(rho)));
  return scalar::legs_through(levels);
}

}  // namespace

TEST_CASE("L18: LMS has the golden coefficients") {
  const double x = 1.15287078902357;
  same(last_row(lms{.order = 1}), x, {-0.309635594794286});
  same(last_row(lms{.order = 2}), x, {-0.451661786333965, 0.142026191539678});
  same(last_row(lms{.order = 3}), x, {-0.528787112055993, 0.258346584514679, -0.0391950672529717});
  same(last_row(lms{.order = 4}), x, {-0.568098931427132, 0.327389717338108, -0.0735942335459396, 0.00466785284067719});
}

TEST_CASE("L18: DEIS in the logarithm of rho has the golden coefficients") {
  const double x = 1.15287078902357;
  const auto log_rho = [](int order) { return deis{.order = order, .in = deis::coordinate::log_rho}; };
  same(last_row(log_rho(2)), x, {-0.518777773641309, 0.209142178847023});
  same(last_row(log_rho(3)), x, {-0.699859045140907, 0.535088467546299, -0.144865017199679});
}

TEST_CASE("DEIS in rho is LMS, and in a time that is the logarithm of rho it is that in log_rho") {
  for (int order = 1; order <= 4; ++order)
    CHECK(last_row(deis{.order = order, .in = deis::coordinate::rho}) == last_row(lms{.order = order}));
  for (int order = 1; order <= 3; ++order) {  // scalar::vp has t = -lambda
    const row r = last_row(deis{.order = order, .in = deis::coordinate::log_rho});
    same(last_row(deis{.order = order}), r.x, {r.now[0], r.past[0], r.past[1]});
  }
}

TEST_CASE("on a grid uniform in rho LMS has the weights of Adams and Bashforth") {
  const auto legs = uniform_rho();
  for (std::size_t i = 0; i < legs.size(); ++i) {
    const auto window = scalar::window_at(legs, i, i);
    const row a = lms{}.plan(window).result, b = pndm{.start = pndm::start_kind::ramp}.plan(window).result;
    const row c = adams::row_of(window, adams_coordinate::index, 4);
    for (const row& other : {b, c}) {
      CHECK(a.x == Approx(other.x).epsilon(1e-14));
      CHECK(a.now[0] == Approx(other.now[0]).epsilon(1e-12));
      for (std::size_t k = 0; k < max_history; ++k) CHECK(a.past[k] == Approx(other.past[k]).epsilon(1e-12));
    }
  }
}

TEST_CASE("L10: LMS and DEIS have their order when started exactly") {
  for (int order = 1; order <= 4; ++order) {
    CAPTURE(order);
    const std::size_t exact = static_cast<std::size_t>(order - 1);
    CHECK(scalar::measured_order(lms{.order = order}, exact) == Approx(order).margin(0.15));
    CHECK(scalar::measured_order(deis{.order = order}, exact) == Approx(order).margin(0.15));
    if (order < 4)
      CHECK(scalar::measured_order(deis{.order = order, .in = deis::coordinate::log_rho}, exact) ==
            Approx(order).margin(0.15));
  }
}

TEST_CASE("LMS ends exactly at D, or with its full order where that is asked for") {
  const auto legs = scalar::legs_through(std::array{scalar::vp(-1), scalar::vp(0), scalar::vp(1), scalar::clean});
  const auto window = scalar::window_at(legs, 2, 2);
  CHECK(lms{}.plan(window).result == eps_row(legs[2].from, legs[2].to));
  const row full = lms{.full_order_at_zero = true}.plan(window).result;
  CHECK(full.past[0] != 0);
  CHECK(full.now[0] + full.past[0] + full.past[1] == Approx(-legs[2].from.sigma * full.x).epsilon(1e-13));
}

TEST_CASE("DEIS lowers the order of the last two steps of a short run") {
  const auto legs = scalar::vp_legs(std::array{-2.0, -1.0, 0.0, 1.0, 2.0});
  const auto used = [&](const deis& solver, std::size_t i) {
    const row r = solver.plan(scalar::window_at(legs, i, std::min<std::size_t>(i, 2))).result;
    return 1 + (r.past[0] != 0) + (r.past[1] != 0);
  };
  for (const auto in : {deis::coordinate::time, deis::coordinate::rho, deis::coordinate::log_rho})
    for (const std::size_t below : {std::size_t{0}, std::size_t{5}}) {
      const deis solver{.in = in, .lower_order_below = below};
      CHECK(used(solver, 2) == (below == 0 ? 3 : 2));
      CHECK(used(solver, 3) == (below == 0 ? 3 : 1));
    }
}
