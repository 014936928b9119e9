// The coefficients of known formulas at lambda = -1.2, -0.6, -0.1, 0.3 and 0.9, computed once with 40-point quadrature.
#include "catch.hpp"

#include <cmath>
#include <initializer_list>
#include <vector>

#include <noisefall/solver/built_in.hpp>

#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

// The row of the last of the four legs through those lambdas, with all remembered that there is. The leg is not the
// run's last one, so that no solver lowers its order.
template <class Solver>
row last_row(const Solver& solver, std::size_t stored = 3) {
  static const auto legs = scalar::vp_legs(std::vector{-1.2, -0.6, -0.1, 0.3, 0.9, 1.4, 1.8, 2.2, 2.5});
  return solver.plan(scalar::window_at(legs, 3, stored)).result;
}

// UniPC's and SA-Solver's corrector over the leg from 0.3 to 0.9, which a step later is the row they keep.
template <class Solver>
row corrector(const Solver& solver, std::size_t stored) {
  static const auto legs = scalar::vp_legs(std::vector{-1.2, -0.6, -0.1, 0.3, 0.9, 1.4, 1.8, 2.2, 2.5});
  return *solver.plan(scalar::window_at(legs, 4, stored)).keep;
}

void same(const row& r, double a, std::initializer_list<double> readings, double noise = 0) {
  CHECK(r.x + r.previous == Approx(a).epsilon(0).margin(1e-12));
  std::size_t k = 0;
  for (const double b : readings) {
    CAPTURE(k);
    CHECK((k == 0 ? r.now[0] : r.past[k - 1]) == Approx(b).epsilon(0).margin(1e-12));
    ++k;
  }
  for (; k <= max_history; ++k) CHECK(r.past[k - 1] == 0);
  CHECK(r.noise[0] == Approx(noise).epsilon(0).margin(1e-12));
}

constexpr double a_data = 0.632708903929035, a_eps = 1.15287078902357;
using multi = dpm_multistep;

}  // namespace

TEST_CASE("L18: first-order steps have the golden coefficients") {
  same(last_row(ddim{}), a_data, {0.417964334772102});
  same(last_row(euler{}), a_data, {0.417964334772102});
  same(last_row(multi{.order = 1, .of = quantity::eps}), a_eps, {-0.309635594794286});
}

TEST_CASE("L18: data prediction of order 2 has the golden coefficients") {
  same(last_row(multi{.order = 2, .correction = multi::kind::heun}, 1), a_data,
       {0.762598424777966, -0.344634090005864});
  same(last_row(dpm_pp_2m{}, 1), a_data, {0.731437585851178, -0.313473251079076});
  same(last_row(unipc{.order = 2, .coefficients = unipc::variant::bh2, .corrector = false}, 1), a_data,
       {0.731437585851178, -0.313473251079076});
  same(last_row(unipc{.order = 2, .coefficients = unipc::variant::bh1, .corrector = false}, 1), a_data,
       {0.834827812852938, -0.416863478080836});
}

TEST_CASE("L18: data prediction of orders 3 and 4 has the golden coefficients") {
  const auto third = {1.07627888272495, -0.909258914310442, 0.250944366357591};
  same(last_row(multi{.order = 3}, 2), a_data, third);
  for (const auto form : {unipc::variant::bh1, unipc::variant::bh2, unipc::variant::vary_coeff})
    same(last_row(unipc{.order = 3, .coefficients = form, .corrector = false}, 2), a_data, third);
  for (const auto form : {multi::third::halved, multi::third::shipped})
    same(last_row(multi{.order = 3, .third_order = form}, 2), a_data,
         {0.996024007086096, -0.764800138160498, 0.186740465846504});
  const auto fourth = {1.35681556912807, -1.59784896275446, 0.812017739163826, -0.153020010765337};
  same(last_row(unipc{.order = 4, .corrector = false}, 3), a_data, fourth);
  same(last_row(sa_solver{.predictor_order = 4, .corrector_order = 0, .tau = 0}, 3), a_data, fourth);
}

TEST_CASE("L18: UniPC's correctors have the golden coefficients") {
  const auto of_order = [](int order, unipc::variant form) {
    return corrector(unipc{.order = order, .coefficients = form}, static_cast<std::size_t>(order));
  };
  same(of_order(1, unipc::variant::bh1), a_data, {0.277908985387224, 0.140055349384878});
  same(of_order(1, unipc::variant::bh2), a_data, {0.208982167386051, 0.208982167386051});
  for (const auto form : {unipc::variant::bh1, unipc::variant::bh2}) {
    same(of_order(2, form), a_data, {0.188208274768193, 0.292077737857484, -0.0623216778535745});
    same(of_order(3, form), a_data, {0.168322011841871, 0.374937166717159, -0.151809861022023, 0.0265150172350959});
  }
}

TEST_CASE("L18: stochastic data prediction has the golden coefficients") {
  const auto full = [](int order) { return multi{.order = order, .correction = multi::kind::heun, .tau_squared = 1}; };
  same(last_row(full(1), 0), 0.347238008736552, {0.647348025167331}, 0.314843366134462);
  same(last_row(full(2), 1), 0.347238008736552, {1.22770792064429, -0.580359895476956}, 0.314843366134462);
  same(last_row(full(3), 2), 0.347238008736552, {1.76716460828373, -1.55138193322795, 0.431565350111554},
       0.314843366134462);
  const auto quarter = [](int order) {
    return multi{.order = order, .correction = multi::kind::heun, .tau_squared = 0.25};
  };
  same(last_row(quarter(2), 1), 0.544577600366876, {0.900764673655759, -0.4119844203754}, 0.191742565433713);
  same(last_row(quarter(3), 2), 0.544577600366876, {1.27781539777931, -1.09067572379778, 0.301640579298837},
       0.191742565433713);
  const sa_solver sa{.predictor_order = 3, .corrector_order = 0, .tau = 0.5};
  same(last_row(sa, 2), 0.544577600366876, {1.27781539777931, -1.09067572379778, 0.301640579298837}, 0.191742565433713);
}

TEST_CASE("L18: noise prediction has the golden coefficients") {
  const auto of_order = [](int order) {
    return multi{.order = order, .of = quantity::eps, .correction = multi::kind::heun};
  };
  same(last_row(of_order(2), 1), a_eps, {-0.518777773641309, 0.209142178847023});
  same(last_row(of_order(3), 2), a_eps, {-0.699859045140907, 0.535088467546299, -0.144865017199679});
}

TEST_CASE("diffusers' third-order SDE has half the bend and its sign slip") {
  const double h = 0.6, y = 2 * h, alpha = scalar::vp(0.9).alpha;
  const row right = last_row(multi{.order = 3, .tau_squared = 1}, 2);
  const row shipped = last_row(multi{.order = 3, .tau_squared = 1, .third_order = multi::third::shipped}, 2);
  const double bend = (1 - std::exp(-y) - y) / (y * y) - 0.5, exact = 2 * ((1 - std::exp(-y) - y) / (y * y) + 0.5);
  // the weight of the oldest reading is bend / (theta_2 * (theta_2 - theta_1))
  const double theta1 = -0.4 / h, theta2 = -0.9 / h;
  CHECK(shipped.past[1] - right.past[1] ==
        Approx(alpha * (bend - exact) / (theta2 * (theta2 - theta1))).epsilon(1e-12));
}

TEST_CASE("few_step_weights make SA-Solver's two-node slopes y / 2") {
  const sa_solver sa{.predictor_order = 2, .corrector_order = 2, .tau = 1};
  const double h = 0.6, y = 2 * h, alpha = scalar::vp(0.9).alpha, whole = alpha * -std::expm1(-y);
  const row predicted = last_row(sa, 0), corrected = corrector(sa, 1);
  CHECK(predicted.now[0] == Approx(whole).epsilon(1e-13));
  CHECK(corrected.now[0] == Approx(alpha * y / 2).epsilon(1e-13));
  CHECK(corrected.past[0] == Approx(whole - alpha * y / 2).epsilon(1e-13));
  const row second = last_row(sa_solver{.predictor_order = 2, .corrector_order = 0}, 1);
  CHECK(second.past[0] == Approx(alpha * (y / 2) * h / -0.4).epsilon(1e-13));
}

TEST_CASE("vary_coeff's corrector has the weights of the official code") {
  // order 2 with D1s_1 = (D_1 - D_0) / theta, D1s_2 = D_t - D_0 and C = [1, theta / 2; 1, 1 / 2]:
  // phi_2 C^-1[0][0] D1s_1 + phi_3 C^-1[0][1] D1s_2, where phi_3 is I_2 / 2
  const double h = 0.6, theta = -0.4 / h, alpha = scalar::vp(0.9).alpha, det = (1 - theta) / 2;
  const double i0 = -std::expm1(-h), i1 = 1 - i0 / h, i2 = 1 - 2 / h * i1;
  const double old = i1 * 0.5 / det / theta, now = i2 / 2 * (-theta / 2) / det;
  const row r = corrector(unipc{.order = 2, .coefficients = unipc::variant::vary_coeff}, 2);
  same(r, a_data, {alpha * now, alpha * (i0 - now - old), alpha * old});
}
