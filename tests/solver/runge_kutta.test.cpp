// Exponential and plain Runge-Kutta tableaux: their order conditions, their orders, and what they are otherwise.
#include "catch.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <noisefall/solver/built_in.hpp>
#include <noisefall/solver/exponential_tableau.hpp>

#include "solver/every_solver.hpp"
#include "solver/measured_order.hpp"
#include "solver/scalar_run.hpp"

using namespace noisefall;
using method = exponential_method;

namespace {

struct case_of {
  method by;
  double c2, c3;
};
std::vector<case_of> cases() {
  std::vector<case_of> all;
  for (const method by : scalar::every_exponential_method) all.push_back({by, 0.5, 1});
  all.push_back({method::res_2s, 0.3, 1});
  all.push_back({method::res_3s, 1. / 3, 2. / 3});
  all.push_back({method::res_3s, 0.9, 0.4});
  return all;
}

// sum_i b_i c_i^k
double moment_of(const exponential_tableau& t, int k) {
  double sum = 0;
  for (std::size_t i = 0; i < t.stages; ++i) sum += t.b[i] * std::pow(t.c[i], k);
  return sum;
}
// (A v)_i
std::vector<double> times(const exponential_tableau& t, const std::vector<double>& v) {
  std::vector<double> product(t.stages);
  for (std::size_t i = 0; i < t.stages; ++i)
    for (std::size_t j = 0; j < i; ++j) product[i] += t.a[i][j] * v[j];
  return product;
}
double dot(const exponential_tableau& t, const std::vector<double>& v) {
  double sum = 0;
  for (std::size_t i = 0; i < t.stages; ++i) sum += t.b[i] * v[i];
  return sum;
}
std::vector<double> powers(const exponential_tableau& t, int k) {
  std::vector<double> v;
  for (std::size_t i = 0; i < t.stages; ++i) v.push_back(std::pow(t.c[i], k));
  return v;
}

const auto legs = scalar::vp_legs(std::array{-1.2, -0.6, -0.1, 0.3, 0.9});

template <class A, class B>
void same_plans(const A& a, const B& b, double margin = 1e-14) {
  for (std::size_t i = 0; i < legs.size(); ++i) {
    const step_plan p = a.plan(scalar::window_at(legs, i, 0)), q = b.plan(scalar::window_at(legs, i, 0));
    CHECK(p.of == q.of);
    REQUIRE(p.evaluations.size() == q.evaluations.size());
    const auto close = [&](const row& r, const row& s) {
      CHECK(std::abs(r.x - s.x) < margin);
      for (std::size_t k = 0; k < max_evaluations; ++k) CHECK(std::abs(r.now[k] - s.now[k]) < margin);
    };
    close(p.result, q.result);
    for (std::size_t k = 0; k < p.evaluations.size(); ++k) {
      CHECK(p.evaluations[k].at.rho() == Approx(q.evaluations[k].at.rho()).epsilon(1e-13));
      close(p.evaluations[k].state, q.evaluations[k].state);
    }
  }
}

}  // namespace

TEST_CASE("phi functions are the integrals that they are called after") {
  for (const double y : {-3.0, -0.7, -1e-3, 0.0, 1e-6, 0.4, 1.9, 2.1, 30.0})
    for (std::size_t k = 1; k <= 3; ++k) {
      // phi_k(-y) = (1 / (k-1)! - phi_{k-1}(-y)) / y, where that does not cancel
      CAPTURE(y, k);
      const double factorial = k == 3 ? 2 : 1;
      if (y == 0) CHECK(phi(k, y) == Approx(1 / std::tgamma(static_cast<double>(k) + 1)).epsilon(1e-15));
      if (std::abs(y) > 0.3) CHECK(phi(k, y) == Approx((1 / factorial - phi(k - 1, y)) / y).epsilon(1e-12));
      if (y == 1e-6) CHECK(phi(k, y) == Approx(phi(k, 0)).epsilon(1e-6));
    }
  CHECK(phi(0, 0.3) == std::exp(-0.3));
}

TEST_CASE("exponential tableaux are exact for constant data, and stage by stage") {
  for (const auto& [by, c2, c3] : cases())
    for (const double y : {-1.5, -0.2, 0.0, 1e-4, 0.7, 6.0}) {
      const exponential_tableau t = tableau_of(by, y, c2, c3);
      CAPTURE(static_cast<int>(by), y);
      CHECK(moment_of(t, 0) == Approx(phi(1, y)).epsilon(1e-13));
      CHECK(t.c[0] == 0);
      for (std::size_t i = 1; i < t.stages; ++i) {
        double sum = 0;
        for (const double a : t.a[i]) sum += a;
        CHECK(sum == Approx(t.c[i] * phi(1, t.c[i] * y)).epsilon(1e-13));
        for (std::size_t j = i; j < max_evaluations; ++j) CHECK(t.a[i][j] == 0);
      }
    }
}

// Hochbruck and Ostermann 2005, table 2, whose conditions of the last order may hold at y = 0 only.
TEST_CASE("exponential tableaux obey the stiff order conditions of their order") {
  for (const auto& [by, c2, c3] : cases()) {
    CAPTURE(static_cast<int>(by), c2, c3);
    for (const double y : {0.0, -1.5, 0.7, 4.0}) {
      const exponential_tableau t = tableau_of(by, y, c2, c3);
      CAPTURE(y);
      CHECK(moment_of(t, 1) == Approx(phi(2, y)).epsilon(1e-13));
      if (order_of(by) < 3) continue;
      const bool weak = by == method::res_3s;  // in the form of condition 3 that holds at 0
      if (!weak || y == 0) CHECK(moment_of(t, 2) == Approx(2 * phi(3, y)).epsilon(1e-13));
      std::vector<double> gap = times(t, powers(t, 1));  // of the stages in their own second moments
      for (std::size_t i = 0; i < t.stages; ++i) gap[i] -= t.c[i] * t.c[i] * phi(2, t.c[i] * y);
      const bool stiff = by != method::etd_rk_3 && by != method::etd_rk_4;
      if (stiff || y == 0) CHECK(std::abs(dot(t, gap)) < 1e-14);
      if (by != method::hochbruck_ostermann) continue;
      CHECK(std::abs(dot(t, times(t, gap))) < 1e-14);
      std::vector<double> weighed = gap;
      for (std::size_t i = 0; i < t.stages; ++i) weighed[i] *= t.c[i];
      CHECK(std::abs(dot(t, weighed)) < 1e-14);
      std::vector<double> third = times(t, powers(t, 2));
      for (std::size_t i = 0; i < t.stages; ++i) third[i] -= 2 * std::pow(t.c[i], 3) * phi(3, t.c[i] * y);
      CHECK(std::abs(dot(tableau_of(by, 0, c2, c3), third)) < 1e-14);  // in the form with b_i(0)
    }
  }
}

TEST_CASE("exponential tableaux are classical Runge-Kutta methods of their order where nothing is linear") {
  for (const auto& [by, c2, c3] : cases()) {
    CAPTURE(static_cast<int>(by), c2, c3);
    const exponential_tableau t = tableau_of(by, 0, c2, c3);
    const auto c = powers(t, 1);
    CHECK(moment_of(t, 1) == Approx(1. / 2).epsilon(1e-13));
    if (order_of(by) < 3) continue;
    CHECK(moment_of(t, 2) == Approx(1. / 3).epsilon(1e-13));
    CHECK(dot(t, times(t, c)) == Approx(1. / 6).epsilon(1e-13));
    if (order_of(by) < 4) continue;
    CHECK(moment_of(t, 3) == Approx(1. / 4).epsilon(1e-13));
    auto mixed = times(t, c);
    for (std::size_t i = 0; i < t.stages; ++i) mixed[i] *= c[i];
    CHECK(dot(t, mixed) == Approx(1. / 8).epsilon(1e-13));
    CHECK(dot(t, times(t, powers(t, 2))) == Approx(1. / 12).epsilon(1e-13));
    CHECK(dot(t, times(t, times(t, c))) == Approx(1. / 24).epsilon(1e-13));
  }
}

TEST_CASE("L10: exponential Runge-Kutta methods have their order") {
  for (const auto of : {quantity::x0, quantity::eps})
    for (const auto& [by, c2, c3] : cases()) {
      CAPTURE(static_cast<int>(by), c2, c3, static_cast<int>(of));
      const exponential_runge_kutta solver{.by = by, .of = of, .c2 = c2, .c3 = c3};
      CHECK(scalar::measured_order(solver) == Approx(solver.order()).margin(0.2));
    }
}

TEST_CASE("L10: Runge-Kutta methods in rho have their order") {
  for (const auto by : {rho_runge_kutta::method::midpoint, rho_runge_kutta::method::heun,
                        rho_runge_kutta::method::kutta_3, rho_runge_kutta::method::classical}) {
    const rho_runge_kutta solver{.by = by};
    CAPTURE(static_cast<int>(by));
    CHECK(scalar::measured_order(solver) == Approx(solver.order()).margin(0.2));
  }
  CHECK(scalar::measured_order(heun_pp{}) == Approx(heun_pp{}.order()).margin(0.12));
}

TEST_CASE("RES of two and three stages are DPM-Solver++ by other names, ETD-RK2 is SEEDS-2 without noise") {
  for (const auto of : {quantity::x0, quantity::eps}) {
    same_plans(exponential_runge_kutta{.by = method::res_2s, .of = of},
               dpm_singlestep{.order = 2, .of = of, .correction = dpm_singlestep::kind::heun});
    same_plans(exponential_runge_kutta{.by = method::res_3s, .of = of, .c2 = 1. / 3, .c3 = 2. / 3},
               dpm_singlestep{.order = 3, .of = of});
  }
  same_plans(exponential_runge_kutta{.by = method::etd_rk_2}, seeds{.order = 2, .r = 1, .tau_squared = 0});
  same_plans(exponential_runge_kutta{.by = method::res_2s}, seeds{.order = 2, .tau_squared = 0});
}

TEST_CASE("Heun's method in rho is EDM's") {
  for (std::size_t i = 0; i < legs.size(); ++i) {
    const auto w = scalar::window_at(legs, i, 0);
    const step_plan a = heun{}.plan(w), b = rho_runge_kutta{.by = rho_runge_kutta::method::heun}.plan(w);
    // of x0 and of eps: the same numbers for any two readings
    const double x = 0.7, d_0 = 0.2, d_1 = -0.4;
    const auto value = [&](const row& r, double first, double second) {
      return r.x * x + r.now[0] * first + r.now[1] * second;
    };
    const double u = value(a.evaluations[1].state, d_0, 0);
    const double e_0 = (x - legs[i].from.alpha * d_0) / legs[i].from.sigma;
    CHECK(value(b.evaluations[1].state, e_0, 0) == Approx(u).epsilon(1e-13));
    const double e_1 = (u - legs[i].to.alpha * d_1) / legs[i].to.sigma;
    CHECK(value(b.result, e_0, e_1) == Approx(value(a.result, d_0, d_1)).epsilon(1e-13));
  }
}

TEST_CASE("a run of a five-stage method makes five evaluations a step") {
  const std::vector<double> lambdas{-2, -1, 0, 1};
  const auto run = [&](method by) {
    return scalar::run(exponential_runge_kutta{.by = by}, scalar::vp_legs(lambdas), 0.9, scalar::two_gaussians{})
        .evaluations;
  };
  CHECK(run(method::hochbruck_ostermann) == 15);
  CHECK(run(method::krogstad) == 12);
  CHECK(run(method::res_3s) == 9);
}
