// tests/solver/orders.md: the orders of the solvers as they are measured here, beside what peers' formulas give.
#include "catch.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <noisefall/solver/built_in.hpp>

#include "solver/measured_order.hpp"
#include "solver/scalar_run.hpp"

using namespace noisefall;
using scalar::grid;

namespace {

// A line of the table: what is measured, and the numbers.
struct line {
  std::string name, shipped_name;
  int declared;
  double evaluations;
  std::optional<double> ramp, started, shipped;
};

class order_table {
 public:
  // Started by the solver itself, exactly (where it has a history), and a peer's formula, started exactly.
  template <class Ours>
  void add(const std::string& name, const Ours& solver, grid on = grid::uniform_lambda) {
    lines_.push_back({name, "", solver.order(), evaluations(solver), scalar::measured_order(solver, 0, on), {}, {}});
    if (solver.history() > 0) lines_.back().started = scalar::measured_order(solver, solver.history(), on);
  }
  template <class Ours, class Theirs>
  void add(const std::string& name, const Ours& solver, const std::string& whose, const Theirs& shipped,
           grid on = grid::uniform_lambda) {
    add(name, solver, on);
    lines_.back().shipped_name = whose;
    lines_.back().shipped = scalar::measured_order(shipped, shipped.history(), on);
  }
  template <class Ours, class Theirs>
  void add_weak(const std::string& name, const Ours& solver, const std::string& whose, const Theirs& shipped) {
    lines_.push_back({name,
                      whose,
                      solver.weak_order(),
                      evaluations(solver),
                      scalar::measured_weak_order(solver),
                      {},
                      scalar::measured_weak_order(shipped)});
  }

  // Of the last line: a corrector makes its order one more than the solver says.
  void corrected() { ++lines_.back().declared; }

  const std::vector<line>& lines() const { return lines_; }

 private:
  template <class Solver>
  static double evaluations(const Solver& solver) {
    const int n = 100;
    std::vector<double> lambdas;
    for (int i = 0; i <= n; ++i) lambdas.push_back(scalar::lambda_on(grid::uniform_lambda, i, n));
    const auto data = [](double x, const noise_level& at) { return x / (1 + at.sigma); };
    return static_cast<double>(scalar::run(solver, scalar::vp_legs(lambdas), 1, data).evaluations) / n;
  }

  std::vector<line> lines_;
};

const order_table& measured() {
  static const order_table table = [] {
    using multi = dpm_multistep;
    using single = dpm_singlestep;
    using method = exponential_method;
    const auto heun_kind = multi::kind::heun;
    order_table t;
    t.add("DDIM, Euler, DPM-Solver(++)-1", ddim{});
    t.add("DPM-Solver++(2M) midpoint", dpm_pp_2m{});
    t.add("DPM-Solver++(2M) heun, RES multistep", dpm_pp_2m{.correction = heun_kind});
    t.add("DPM-Solver++(3M)", multi{.order = 3}, "official code, diffusers, k-diffusion",
          multi{.order = 3, .third_order = multi::third::halved});
    t.add("DPM-Solver++(3M), start = singlestep", multi{.order = 3, .start = multistep_start::singlestep});
    t.add("DPM-Solver-3 multistep of eps, DEIS log-rho 3",
          multi{.order = 3, .of = quantity::eps, .correction = heun_kind});
    t.add("DPM-Solver++(2S)", single{.order = 2});
    t.add("DPM-Solver++(3S)", single{.order = 3});
    t.add("UniPC-1", unipc{.order = 1, .lower_order_final = false});
    t.corrected();
    t.add("UniPC-2", unipc{.order = 2, .lower_order_final = false}, "official vary_coeff",
          unipc{.order = 2, .coefficients = unipc::variant::vary_coeff, .lower_order_final = false});
    t.corrected();
    t.add("UniPC-3", unipc{.order = 3, .lower_order_final = false}, "official vary_coeff",
          unipc{.order = 3, .coefficients = unipc::variant::vary_coeff, .lower_order_final = false});
    t.corrected();
    t.add("SA-Solver 2, 3 without noise", sa_solver{.predictor_order = 2,
                                                    .corrector_order = 3,
                                                    .tau = 0,
                                                    .few_step_weights = false,
                                                    .lower_order_final = false});
    t.add("ER-SDE-3 without noise", er_sde{.scale = er_sde::noise_scale::ode}, "official code, ComfyUI",
          er_sde{.scale = er_sde::noise_scale::ode, .shipped_third = true});
    t.add("LMS-3, iPNDM_v-3", lms{.order = 3}, "diff-sampler, ComfyUI", lms{.order = 3, .shipped_ipndm_v = true});
    t.add("LMS-3, iPNDM_v-3, Karras' grid", lms{.order = 3}, "diff-sampler, ComfyUI",
          lms{.order = 3, .shipped_ipndm_v = true}, grid::karras);
    t.add("LMS-4, iPNDM_v-4", lms{}, "diff-sampler, ComfyUI", lms{.shipped_ipndm_v = true});
    t.add("LMS-4, iPNDM_v-4, Karras' grid", lms{}, "diff-sampler, ComfyUI", lms{.shipped_ipndm_v = true}, grid::karras);
    t.add("iPNDM-4, PNDM with a ramp", pndm{.start = pndm::start_kind::ramp});
    t.add("PNDM", pndm{});
    t.add("DEIS t-AB-3", deis{});
    t.add("Heun in rho (EDM)", heun{});
    t.add("Heun++", heun_pp{});
    t.add("DEIS rho-Kutta-3", rho_runge_kutta{});
    t.add("DEIS rho-RK-4", rho_runge_kutta{.by = rho_runge_kutta::method::classical});
    t.add("flow Runge-Kutta, classical", flow_runge_kutta{.by = flow_runge_kutta::method::classical});
    t.add("RES-2S", exponential_runge_kutta{.by = method::res_2s});
    t.add("RES-3S", exponential_runge_kutta{.by = method::res_3s});
    t.add("ETD-RK4", exponential_runge_kutta{.by = method::etd_rk_4});
    t.add("Krogstad-4", exponential_runge_kutta{.by = method::krogstad});
    t.add("Strehmel-Weiner-4", exponential_runge_kutta{.by = method::strehmel_weiner});
    t.add("Friedli-4", exponential_runge_kutta{.by = method::friedli});
    t.add("Hochbruck-Ostermann-5, RES-5S", exponential_runge_kutta{.by = method::hochbruck_ostermann});
    t.add("SEEDS-3 without noise", seeds{.order = 3, .tau_squared = 0});
    t.add("gradient estimation", gradient_estimation{});
    t.add_weak("weak: SDE-DPM-Solver++(3M)", multi{.order = 3, .tau_squared = 1}, "diffusers",
               multi{.order = 3, .tau_squared = 1, .third_order = multi::third::shipped});
    return t;
  }();
  return table;
}

std::string shown(std::optional<double> value, int digits = 2) {
  if (!value) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, *value);
  return text;
}

std::string text() {
  std::string all =
      "# Measured orders\n\n"
      "Of the error at the end, from 120 steps to 240, on two Gaussians whose ODE is solved to 13 digits, lambda from\n"
      "-2.5 to 2.5 in equal parts (Karras' grid: with its rho of 7). `ramp`: as the solver starts by itself; a first\n"
      "step of order 1 caps a multistep solver at 2 in the end. `exact`: with exact values for its history. "
      "`shipped`:\n"
      "what the formula gives that others have, started exactly; options of the solvers reproduce it. Weak orders are\n"
      "those of the variance on one Gaussian. Made by tests/solver/order_table.test.cpp, which holds this file to what "
      "it\n"
      "measures: `NOISEFALL_WRITE_ORDERS=1 tests-solver \"the table of orders*\"` writes it anew.\n\n"
      "| solver | evaluations per step | declared | ramp | exact | shipped | by |\n|---|--:|--:|--:|--:|--:|---|\n";
  for (const line& l : measured().lines())
    all += "| " + l.name + " | " + shown(l.evaluations) + " | " + std::to_string(l.declared) + " | " + shown(l.ramp) +
           " | " + shown(l.started) + " | " + shown(l.shipped) + " | " + l.shipped_name + " |\n";
  return all;
}

bool is_number(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789.-") == std::string::npos;
}

}  // namespace

TEST_CASE("L10: solvers measured for the table have the order that they declare") {
  for (const line& l : measured().lines()) {
    CAPTURE(l.name);
    const double best = l.started.value_or(*l.ramp);
    if (l.name.find("Karras") == std::string::npos) CHECK(best == Approx(l.declared).margin(0.2));
    if (l.shipped && l.name.find("iPNDM_v-3") == std::string::npos) CHECK(*l.shipped < best - 0.8);
  }
}

TEST_CASE("the table of orders in tests/solver/orders.md is what is measured") {
  const std::string made = text();
  if (std::getenv("NOISEFALL_WRITE_ORDERS") != nullptr) std::ofstream{NOISEFALL_ORDERS} << made;
  std::ifstream file{NOISEFALL_ORDERS};
  REQUIRE(file.good());
  std::istringstream mine{made};
  const std::vector<std::string> a{std::istream_iterator<std::string>{mine}, {}};
  const std::vector<std::string> b{std::istream_iterator<std::string>{file}, {}};
  REQUIRE(a.size() == b.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (is_number(a[k]) && is_number(b[k]))
      CHECK(std::stod(a[k]) == Approx(std::stod(b[k])).margin(0.03));  // rounding differs between machines
    else
      CHECK(a[k] == b[k]);
  }
}
