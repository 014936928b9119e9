// Orders measured on two Gaussians whose ODE is solved to 13 digits, for lambda from -2.5 to 2.5.
#include "catch.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <noisefall/solver/built_in.hpp>

#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

const scalar::two_gaussians data;

std::vector<leg> uniform(int n) {
  std::vector<double> lambdas;
  for (int i = 0; i <= n; ++i) lambdas.push_back(-2.5 + 5.0 * i / n);
  return scalar::vp_legs(lambdas);
}

double exact() {
  static const double x = data.flow(0.9, -2.5, 2.5);
  return x;
}

template <class Solver>
double error_of(const Solver& solver, int n, std::size_t exact_steps) {
  scalar::settings how;
  how.exact_steps = exact_steps;
  how.exact = [](double, const noise_level& to) { return data.flow(0.9, -2.5, to.lambda()); };
  return std::abs(scalar::run(solver, uniform(n), 0.9, data, how).x - exact());
}

template <class Solver>
void has_order(const std::string& name, const Solver& solver, double order, std::size_t exact_steps = 0) {
  CAPTURE(name);
  const double measured = std::log2(error_of(solver, 128, exact_steps) / error_of(solver, 256, exact_steps));
  CHECK(measured == Approx(order).margin(0.12));
}

using multi = dpm_multistep;

}  // namespace

TEST_CASE("L10: one-step solvers have their order") {
  has_order("ddim", ddim{}, 1);
  has_order("euler", euler{}, 1);
  has_order("heun", heun{}, 2);
  has_order("dpm_pp_sde", dpm_pp_sde{.eta = 0}, 2);
  for (const auto of : {quantity::x0, quantity::eps})
    for (const auto kind : {dpm_singlestep::kind::midpoint, dpm_singlestep::kind::heun})
      for (int order = 1; order <= 3; ++order)
        has_order("dpm_singlestep", dpm_singlestep{.order = order, .of = of, .correction = kind}, order);
}

TEST_CASE("L10: multistep solvers have their order") {
  for (const auto kind : {multi::kind::midpoint, multi::kind::heun}) {
    has_order("dpm_pp_2m", dpm_pp_2m{.correction = kind}, 2);
    has_order("dpm_multistep of eps", multi{.of = quantity::eps, .correction = kind}, 2);
  }
  has_order("dpm_multistep 3, exact start", multi{.order = 3}, 3, 2);
  has_order("dpm_multistep 3 of eps, exact start", multi{.order = 3, .of = quantity::eps}, 3, 2);
  for (const auto start : {pndm::start_kind::prk, pndm::start_kind::improved_euler, pndm::start_kind::ramp})
    has_order("pndm", pndm{.start = start}, 2);
}

TEST_CASE("a first-order start caps a multistep solver at order 2, a singlestep start keeps its order") {
  using start = multistep_start;
  const auto measured = [](const auto& solver, int n) {
    return std::log2(error_of(solver, n, 0) / error_of(solver, 2 * n, 0));
  };
  for (const auto of : {quantity::x0, quantity::eps}) {
    const multi ramped{.order = 3, .of = of}, kept{.order = 3, .of = of, .start = start::singlestep};
    for (const int n : {128, 256, 512}) CHECK(measured(kept, n) == Approx(3).margin(0.1));
    CHECK(measured(ramped, 2048) == Approx(2).margin(0.1));
  }
  const unipc third{.order = 3, .corrector = false, .lower_order_final = false, .start = start::singlestep};
  const unipc fourth{.order = 4, .corrector = false, .lower_order_final = false, .start = start::singlestep};
  for (const int n : {64, 128, 256}) CHECK(measured(third, n) == Approx(3).margin(0.1));
  CHECK(measured(fourth, 128) == Approx(4).margin(0.3));
  CHECK(measured(unipc{.order = 4, .corrector = false, .lower_order_final = false}, 2048) == Approx(2).margin(0.1));
}

TEST_CASE("the published third order is of order 2 even when started exactly") {
  has_order("halved", multi{.order = 3, .third_order = multi::third::halved}, 2, 2);
}

TEST_CASE("L10: UniPC's corrector adds one order and repairs the start") {
  for (const auto form : {unipc::variant::bh1, unipc::variant::bh2}) {
    has_order("UniP-1", unipc{.order = 1, .coefficients = form, .corrector = false, .lower_order_final = false}, 1);
    has_order("UniP-2", unipc{.order = 2, .coefficients = form, .corrector = false, .lower_order_final = false}, 2);
    has_order("UniPC-1", unipc{.order = 1, .coefficients = form, .lower_order_final = false}, 2);
    has_order("UniPC-2", unipc{.order = 2, .coefficients = form, .lower_order_final = false}, 3);
  }
  has_order("UniPC-3", unipc{.order = 3, .lower_order_final = false}, 4);
  has_order("UniP-3, exact start", unipc{.order = 3, .corrector = false, .lower_order_final = false}, 3, 2);
}

TEST_CASE("the official code's vary_coeff corrector is of order 1 above order 1") {
  has_order("order 1", unipc{.order = 1, .coefficients = unipc::variant::vary_coeff, .lower_order_final = false}, 2);
  has_order("order 2", unipc{.order = 2, .coefficients = unipc::variant::vary_coeff, .lower_order_final = false}, 1);
  has_order("order 3", unipc{.order = 3, .coefficients = unipc::variant::vary_coeff, .lower_order_final = false}, 1);
}

TEST_CASE("L10: SA-Solver without noise has the order it declares") {
  for (const auto of : {quantity::x0, quantity::eps})
    for (const auto mode : {sa_solver::mode::pec, sa_solver::mode::pece})
      for (const auto& [predictor, corrector] : {std::pair{1, 0}, {2, 0}, {1, 2}, {1, 3}, {2, 3}, {2, 4}}) {
        const sa_solver solver{.predictor_order = predictor,
                               .corrector_order = corrector,
                               .of = of,
                               .evaluate = mode,
                               .tau = 0,
                               .few_step_weights = false,
                               .lower_order_final = false};
        has_order("sa_solver " + std::to_string(predictor) + std::to_string(corrector), solver, solver.order());
      }
}

TEST_CASE("lowering the order of the last steps caps a run at order 2") {
  has_order("UniPC-3", unipc{.order = 3}, 2);
  has_order("SA-Solver", sa_solver{.predictor_order = 3, .corrector_order = 4, .tau = 0}, 2);
}

TEST_CASE("errors at 32 steps are those of the published methods") {
  CHECK(error_of(ddim{}, 32, 0) == Approx(1.24e-2).epsilon(0.01));
  CHECK(error_of(dpm_pp_2m{}, 32, 0) == Approx(7.35e-4).epsilon(0.01));
  CHECK(error_of(heun{}, 32, 0) == Approx(1.22e-3).epsilon(0.01));
  CHECK(error_of(unipc{.order = 3, .lower_order_final = false}, 32, 0) == Approx(1.03e-5).epsilon(0.02));
  CHECK(error_of(dpm_singlestep{}, 32, 0) == Approx(3.98e-6).epsilon(0.02));
}

TEST_CASE("a run makes the evaluations that its solver says") {
  const auto legs = uniform(8);
  const auto evaluations = [&](const auto& solver) { return scalar::run(solver, legs, 0.9, data).evaluations; };
  CHECK(evaluations(ddim{}) == 8);
  CHECK(evaluations(unipc{}) == 8);
  CHECK(evaluations(heun{}) == 16);
  CHECK(evaluations(dpm_pp_sde{}) == 16);
  CHECK(evaluations(dpm_singlestep{}) == 24);
  CHECK(evaluations(sa_solver{.evaluate = sa_solver::mode::pec}) == 8);
  CHECK(evaluations(sa_solver{.evaluate = sa_solver::mode::pece}) == 15);
  CHECK(evaluations(dpm_multistep{.order = 3, .start = multistep_start::singlestep}) == 8 + 2);
  CHECK(evaluations(dpm_multistep{.order = 2, .start = multistep_start::singlestep}) == 8);
  CHECK(evaluations(
            unipc{.order = 4, .corrector = false, .lower_order_final = false, .start = multistep_start::singlestep}) ==
        8 + 2 * 3);
  CHECK(evaluations(pndm{}) == 3 * 4 + 5);
  CHECK(evaluations(pndm{.start = pndm::start_kind::improved_euler}) == 9);
}
