// Ramps, ends, options and refusals of the policies, and the run-time forms.
#include "catch.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <noisefall/core/error.hpp>
#include <noisefall/solver/erased.hpp>

#include "solver/every_solver.hpp"
#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

std::vector<leg> steps(int n) {
  std::vector<double> lambdas;
  for (int i = 0; i <= n; ++i) lambdas.push_back(-2 + 4.0 * i / n);
  return scalar::vp_legs(lambdas);
}

// How many readings each step's result combines, and each step's corrected state.
template <class Solver>
std::vector<std::size_t> orders(const Solver& solver, int n, bool of_keep = false) {
  const auto legs = steps(n);
  std::vector<std::size_t> counts;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    const step_plan p = solver.plan(scalar::window_at(legs, i, std::min(i, solver.history())));
    const row& r = of_keep ? *p.keep : p.result;
    std::size_t count = r.now[0] != 0;
    for (const double w : r.past) count += w != 0;
    counts.push_back(count);
  }
  return counts;
}

template <class Solver>
std::string refusal(const Solver& solver) {
  try {
    solver.check();
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

using counts = std::vector<std::size_t>;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct two_step {  // a solver of someone else's
  int order() const { return 1; }
  std::size_t history() const { return 0; }
  void check() const { throw error{"two_step", "never right", "nothing"}; }
  step_plan plan(const step_window& window) const { return ddim{.eta = 0.5}.plan(window); }
};

}  // namespace

TEST_CASE("dpm_multistep ramps up and, where asked, down") {
  CHECK(orders(dpm_multistep{.order = 3}, 6) == counts{1, 2, 3, 3, 3, 3});
  CHECK(orders(dpm_multistep{.order = 3, .lower_order_below = 15}, 6) == counts{1, 2, 3, 3, 2, 1});
  CHECK(orders(dpm_multistep{.order = 3, .lower_order_below = 6}, 6) == counts{1, 2, 3, 3, 3, 3});
  CHECK(orders(dpm_multistep{.order = 3, .euler_at_final = true}, 6) == counts{1, 2, 3, 3, 3, 1});
  CHECK(orders(dpm_multistep{.order = 2, .lower_order_below = 15}, 2) == counts{1, 1});
  CHECK(orders(dpm_multistep{.order = 1}, 3) == counts{1, 1, 1});
}

TEST_CASE("a singlestep start is taken wherever readings are missing") {
  const auto legs = scalar::legs_through(std::vector<noise_level>{
      scalar::pure_noise, scalar::vp(-2), scalar::vp(-1), scalar::vp(0), scalar::vp(1), scalar::vp(2), scalar::clean});
  const dpm_multistep solver{.order = 3, .correction = dpm_multistep::kind::heun, .start = multistep_start::singlestep};
  const auto evaluations = [&](std::size_t i, std::size_t stored) {
    return solver.plan(scalar::window_at(legs, i, stored)).evaluations.size();
  };
  CHECK(evaluations(0, 0) == 1);  // from pure noise: one reading of x0, which is not used again
  CHECK(evaluations(1, 1) == 2);
  CHECK(evaluations(2, 2) == 2);
  CHECK(evaluations(3, 2) == 1);
  CHECK(evaluations(3, 0) == 2);  // after a cut
  CHECK(evaluations(4, 1) == 2);
  CHECK(evaluations(5, 0) == 1);  // to clean data
  const auto window = scalar::window_at(legs, 1, 1);
  const dpm_singlestep single{.order = 2, .correction = dpm_singlestep::kind::heun};
  CHECK(solver.plan(window).result == single.plan(window).result);
  CHECK(solver.plan(window).remember == 0);
}

TEST_CASE("UniPC predicts and corrects with the orders of diffusers") {
  const unipc plain{.order = 3, .corrector = false};
  CHECK(orders(plain, 6) == counts{1, 2, 3, 3, 2, 1});
  CHECK(orders(unipc{.order = 3, .corrector = false, .lower_order_final = false}, 5) == counts{1, 2, 3, 3, 3});
  // corrected states: the order of the step before, and the new reading
  CHECK(orders(unipc{.order = 3}, 6, true) == counts{0, 2, 3, 4, 4, 3});
  CHECK(orders(unipc{.order = 3, .skip_corrector = {0, 3}}, 6, true) == counts{0, 0, 3, 4, 0, 3});
}

TEST_CASE("SA-Solver predicts and corrects with the orders of diffusers") {
  const sa_solver s{.predictor_order = 3, .corrector_order = 4, .tau = 0};
  CHECK(orders(sa_solver{.predictor_order = 3, .corrector_order = 0, .tau = 0}, 6) == counts{1, 2, 3, 3, 2, 1});
  CHECK(orders(s, 6, true) == counts{0, 2, 3, 4, 4, 3});
}

TEST_CASE("a corrector uses the last step's noise again") {
  const auto legs = steps(5);
  const sa_solver solver{};
  const step_plan last = solver.plan(scalar::window_at(legs, 2, 1)), here = solver.plan(scalar::window_at(legs, 3, 1));
  CHECK(here.slots[1].step == 2);
  CHECK(here.slots[1].slot == 0);
  CHECK(here.slots[1].from == last.slots[0].from);
  CHECK(here.slots[1].to == last.slots[0].to);
  CHECK(here.keep->noise[1] == last.result.noise[0]);
  CHECK(here.slots[0].step == 3);
}

TEST_CASE("tau counts inside its range of labels only") {
  auto legs = steps(3);
  legs[0].label = 801, legs[1].label = 800, legs[2].label = not_a_number;
  const sa_solver solver{.corrector_order = 0, .tau_from = 200, .tau_to = 800};
  CHECK(solver.plan(scalar::window_at(legs, 0, 0)).result.noise[0] == 0);
  CHECK(solver.plan(scalar::window_at(legs, 1, 0)).result.noise[0] > 0);
  CHECK(solver.plan(scalar::window_at(legs, 2, 0)).result.noise[0] == 0);  // its time is not a label of that range
}

TEST_CASE("PECE remembers the reading at the corrected state") {
  const auto legs = steps(4);
  const sa_solver solver{.evaluate = sa_solver::mode::pece, .tau = 0};
  const step_plan first = solver.plan(scalar::window_at(legs, 0, 0)),
                  second = solver.plan(scalar::window_at(legs, 1, 1));
  CHECK(first.evaluations.size() == 1);
  CHECK(first.remember == 0);
  REQUIRE(second.evaluations.size() == 2);
  CHECK(second.remember == 1);
  CHECK(second.evaluations[1].state == *second.keep);
  CHECK(second.evaluations[1].at == legs[1].from);
  CHECK(second.evaluations[1].label == legs[1].label);
}

TEST_CASE("singlestep lists the published orders for a budget") {
  using list = std::vector<int>;
  CHECK(dpm_singlestep::orders(6, 3) == list{3, 2, 1});
  CHECK(dpm_singlestep::orders(7, 3) == list{3, 3, 1});
  CHECK(dpm_singlestep::orders(8, 3) == list{3, 3, 2});
  CHECK(dpm_singlestep::orders(3, 3) == list{2, 1});
  CHECK(dpm_singlestep::orders(2, 3) == list{2});
  CHECK(dpm_singlestep::orders(1, 3) == list{1});
  CHECK(dpm_singlestep::orders(5, 2) == list{2, 2, 1});
  CHECK(dpm_singlestep::orders(6, 2) == list{2, 2, 2});
  CHECK(dpm_singlestep::orders(3, 1) == list{1, 1, 1});
  CHECK(dpm_singlestep::orders(0, 3).empty());
  const auto legs = steps(3);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(dpm_singlestep{.budget = 6}.plan(scalar::window_at(legs, i, 0)).evaluations.size() == 3 - i);
}

TEST_CASE("singlestep puts its stages where it is told") {
  const std::vector<leg> legs{{scalar::vp(-1), scalar::vp(0.5), 0}};
  auto window = scalar::window_at(legs, 0, 0);
  const auto square = [](double t) { return scalar::vp(-t * t); };  // a schedule whose lambda is not linear in time
  window.at_time = square;
  window.at.from.t = 1, window.at.to.t = 0.25;
  using nodes = dpm_singlestep::nodes;
  const auto level = [&](nodes where, std::size_t k) {
    return dpm_singlestep{.stages = where}.plan(window).evaluations[k].at;
  };
  CHECK(level(nodes::lambda, 1).lambda() == Approx(-0.5));
  CHECK(level(nodes::time, 1) == square(0.75));
  CHECK(level(nodes::time_quadratic, 2).lambda() == Approx(-std::pow(2. / 3, 4)));
}

TEST_CASE("churn raises the state before it is evaluated") {
  const std::vector<leg> legs{{{0, 1, 4}, {0, 1, 1}}, {{0, 1, 1}, {0, 1, 0}}};
  auto window = scalar::window_at(legs, 0, 0);
  const auto plain = [](double lambda) { return noise_level{0, 1, std::exp(-lambda)}; };
  window.at_lambda = plain;
  const step_plan p = heun{.s_churn = 0.5, .s_noise = 1.1}.plan(window);
  REQUIRE(p.evaluations.size() == 2);
  CHECK(p.evaluations[0].at.sigma == Approx(5));
  CHECK(p.evaluations[0].state.noise[0] == Approx(3 * 1.1));
  CHECK(p.result.noise[0] == Approx(3 * 1.1 / 5));
  CHECK(p.slots[0].from == legs[0].from);
  CHECK(p.slots[0].to == p.evaluations[0].at);
  CHECK(p.evaluations[1].at == legs[0].to);
  CHECK(heun{.s_churn = 100}.plan(window).evaluations[0].at.sigma == Approx(4 * std::sqrt(2.0)));
  CHECK(heun{.s_churn = 1, .s_tmin = 5}.plan(window).evaluations[0].state == same_state);
  CHECK(euler{.s_churn = 1, .s_tmax = 3}.plan(window).evaluations[0].state == same_state);
  const auto clamped = [](double lambda) { return noise_level{0, 1, std::min(4.0, std::exp(-lambda))}; };
  window.at_lambda = clamped;
  CHECK(heun{.s_churn = 1}.plan(window).evaluations[0].state == same_state);
}

TEST_CASE("churn_after reads before the noise and converts after it") {
  const std::vector<leg> legs{{{0, 1, 4}, {0, 1, 1}}, {{0, 1, 1}, {0, 1, 0}}};
  auto window = scalar::window_at(legs, 0, 0);
  const auto plain = [](double lambda) { return noise_level{0, 1, std::exp(-lambda)}; };
  window.at_lambda = plain;
  const step_plan p = euler{.s_churn = 0.5, .churn_after = true}.plan(window);
  CHECK(p.of == quantity::output);
  CHECK(p.evaluations[0].state == same_state);
  CHECK(p.evaluations[0].at == legs[0].from);
  // x_hat = x + 3 z, D = x_hat - 5 F, x_t = x_hat / 5 + 4 / 5 D
  CHECK(p.result.x == Approx(1));
  CHECK(p.result.noise[0] == Approx(3));
  CHECK(p.result.now[0] == Approx(-4));
  CHECK(euler{.churn_after = true}.plan(window).of == quantity::x0);
}

TEST_CASE("DPM++ SDE shares its noise between the stages") {
  const std::vector<leg> legs{{{0, 1, 4}, {0, 1, 1}}};
  auto window = scalar::window_at(legs, 0, 0);
  const auto plain = [](double lambda) { return noise_level{0, 1, std::exp(-lambda)}; };
  window.at_lambda = plain;
  const step_plan p = dpm_pp_sde{}.plan(window);
  CHECK(p.evaluations[1].at.sigma == Approx(2));
  CHECK(p.evaluations[1].state.noise[0] == Approx(std::sqrt(4.0 * (16 - 4) / 16)));
  const double up = std::sqrt(15.0 / 16);
  CHECK(p.result.noise[0] == Approx(up * std::sqrt(2.0 / 3)));
  CHECK(p.result.noise[1] == Approx(up * std::sqrt(1.0 / 3)));
  CHECK(p.slots[0].to == p.slots[1].from);
  CHECK(p.slots[1].slot == 1);
}

TEST_CASE("DDPM's annealed variance goes from one share of the large logarithm to another") {
  const auto legs = steps(5);
  const auto noise = [&](const ddpm& d, std::size_t i) {
    return d.plan(scalar::window_at(legs, i, 0)).result.noise[0];
  };
  using kind = ddpm::variance_kind;
  for (std::size_t i = 0; i < 4; ++i) {
    const double small = std::log(noise({}, i)), large = std::log(noise({.variance = kind::fixed_large}, i));
    const auto share = [&](double first, double last) {
      const ddpm d{.variance = kind::annealed, .large_first = first, .large_last = last};
      return (std::log(noise(d, i)) - small) / (large - small);
    };
    CHECK(share(1, 0) == Approx(1 - 0.25 * static_cast<double>(i)).margin(1e-12));
    CHECK(share(0.2, 0.6) == Approx(0.2 + 0.1 * static_cast<double>(i)).margin(1e-12));
    CHECK(share(0.3, 0.3) == Approx(0.3).margin(1e-12));
    CHECK(noise({.variance = kind::annealed, .large_first = 0}, i) == noise({}, i));
    CHECK(noise({.variance = kind::annealed, .large_last = 1}, i) == noise({.variance = kind::fixed_large}, i));
    CHECK(noise({.variance = kind::annealed, .temperature = 0.5}, i) ==
          Approx(0.5 * noise({.variance = kind::annealed}, i)).epsilon(1e-14));
  }
  const std::vector<leg> one{{scalar::vp(-1), scalar::vp(1), 5}};
  const ddpm alone{.variance = kind::annealed, .at_end = ddpm::last_noise::unless_label_zero};
  CHECK(alone.plan(scalar::window_at(one, 0, 0)).result.noise[0] ==
        ddpm{.variance = kind::fixed_large, .at_end = ddpm::last_noise::unless_label_zero}
            .plan(scalar::window_at(one, 0, 0))
            .result.noise[0]);
}

TEST_CASE("DDPM hands learned variances to the run") {
  const auto legs = steps(3);
  const step_plan direct =
      ddpm{.variance = ddpm::variance_kind::learned, .temperature = 0.9}.plan(scalar::window_at(legs, 0, 0));
  REQUIRE(direct.variance.has_value());
  CHECK(direct.variance->how == learned_variance::kind::direct);
  CHECK(direct.result.noise[0] == 0.9);
  const step_plan range = ddpm{.variance = ddpm::variance_kind::learned_range}.plan(scalar::window_at(legs, 0, 0));
  const double small = ddpm{}.plan(scalar::window_at(legs, 0, 0)).result.noise[0];
  const double large =
      ddpm{.variance = ddpm::variance_kind::fixed_large}.plan(scalar::window_at(legs, 0, 0)).result.noise[0];
  CHECK(range.variance->log_low == Approx(2 * std::log(small)));
  CHECK(range.variance->log_high == Approx(2 * std::log(large)));
  CHECK(!ddpm{.variance = ddpm::variance_kind::learned}.plan(scalar::window_at(legs, 2, 0)).variance);  // the last leg
}

TEST_CASE("DDPM's last noise follows its rule") {
  auto legs = steps(2);
  legs[1].label = 5;
  const auto noise = [&](const ddpm& d) { return d.plan(scalar::window_at(legs, 1, 0)).result.noise[0]; };
  CHECK(noise(ddpm{}) == 0);
  CHECK(noise(ddpm{.at_end = ddpm::last_noise::unless_label_zero}) > 0);
  legs[1].to = scalar::clean;
  CHECK(noise(ddpm{.variance_floor = 1e-20, .at_end = ddpm::last_noise::unless_label_zero}) == Approx(1e-10));
  legs[1].label = 0;
  CHECK(noise(ddpm{.at_end = ddpm::last_noise::unless_label_zero}) == 0);
}

TEST_CASE("PNDM starts as it is told and keeps diffusers' odd strides") {
  const auto legs = steps(6);
  CHECK(orders(pndm{.start = pndm::start_kind::ramp}, 6) == counts{1, 2, 3, 4, 4, 4});
  const row plms = pndm{}.plan(scalar::window_at(legs, 4, 3)).result;
  CHECK(plms.past[0] / plms.now[0] == Approx(-59.0 / 55));
  CHECK(plms.past[2] / plms.now[0] == Approx(-9.0 / 55));

  std::vector<leg> strided;
  for (const int t : {30, 25, 20, 15}) strided.push_back({scalar::vp(-t / 10.), scalar::vp(-(t - 5) / 10.), double(t)});
  for (leg& l : strided) l.from.t *= 10, l.to.t *= 10;
  auto window = scalar::window_at(strided, 0, 0);
  std::vector<double> asked;
  const auto at_index = [&asked](double t) {
    asked.push_back(t);
    return scalar::vp(-t / 10);
  };
  window.at_time = at_index;
  const step_plan p = pndm{.stride = 5}.plan(window);
  REQUIRE(p.evaluations.size() == 4);
  CHECK(asked == std::vector<double>{27, 28});  // next + 5 / 2, and from - 5 / 2
  CHECK(p.evaluations[1].label == 27);
  CHECK(p.evaluations[2].label == 27);
  CHECK(p.evaluations[3].label == 25);
}

TEST_CASE("a second evaluation at the leg's end takes the next leg's label") {
  auto legs = steps(3);
  legs[1].label = 123;
  CHECK(heun{}.plan(scalar::window_at(legs, 0, 0)).evaluations[1].label == 123);
  CHECK(std::isnan(heun{}.plan(scalar::window_at(legs, 2, 0)).evaluations[1].label));
}

TEST_CASE("parameters out of range are refused by name") {
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(refusal(ddim{.eta = -1}), ContainsSubstring("ddim.eta: is -1; allowed: 0 or more, and finite"));
  CHECK_THAT(refusal(ddim{.eta = not_a_number}), ContainsSubstring("ddim.eta"));
  CHECK_THAT(refusal(ddpm{.temperature = -0.5}), ContainsSubstring("ddpm.temperature: is -0.5"));
  CHECK_THAT(refusal(ddpm{.variance_floor = not_a_number}), ContainsSubstring("ddpm.variance_floor"));
  CHECK_THAT(refusal(ddpm{.large_first = 1.5}), ContainsSubstring("ddpm.large_first: is 1.5; allowed: 0 to 1"));
  CHECK_THAT(refusal(ddpm{.large_last = -0.5}), ContainsSubstring("ddpm.large_last"));
  CHECK_THAT(refusal(dpm_multistep{.order = 4}), ContainsSubstring("dpm_multistep.order: is 4; allowed: 1 to 3"));
  CHECK_THAT(refusal(dpm_multistep{.order = 0}), ContainsSubstring("dpm_multistep.order"));
  CHECK_THAT(refusal(dpm_multistep{.of = quantity::output}), ContainsSubstring("allowed: x0 or eps"));
  CHECK_THAT(refusal(dpm_multistep{.tau_squared = -1}), ContainsSubstring("dpm_multistep.tau_squared"));
  CHECK_THAT(refusal(dpm_multistep{.tau_squared = 1, .start = multistep_start::singlestep}),
             ContainsSubstring("dpm_multistep.start: is singlestep with tau_squared 1") &&
                 ContainsSubstring("allowed: ramp where tau_squared is above 0"));
  CHECK_THAT(refusal(unipc{.start = multistep_start::singlestep}),
             ContainsSubstring("unipc.start: is singlestep; allowed: ramp with the corrector"));
  CHECK_THAT(refusal(dpm_singlestep{.order = 4}), ContainsSubstring("dpm_singlestep.order"));
  CHECK_THAT(refusal(dpm_singlestep{.eta = -1}), ContainsSubstring("dpm_singlestep.eta"));
  CHECK_THAT(refusal(dpm_singlestep{.s_noise = not_a_number}), ContainsSubstring("dpm_singlestep.s_noise"));
  CHECK_THAT(refusal(unipc{.order = 5}), ContainsSubstring("unipc.order: is 5; allowed: 1 to 4"));
  CHECK_THAT(refusal(sa_solver{.predictor_order = 0}), ContainsSubstring("sa_solver.predictor_order"));
  CHECK_THAT(refusal(sa_solver{.corrector_order = 5}), ContainsSubstring("sa_solver.corrector_order"));
  CHECK_THAT(refusal(sa_solver{.tau = not_a_number}), ContainsSubstring("sa_solver.tau: is nan"));
  CHECK_THAT(refusal(sa_solver{.tau_from = 3, .tau_to = 2}), ContainsSubstring("sa_solver.tau_to"));
  CHECK_THAT(refusal(dpm_pp_sde{.r = 1}), ContainsSubstring("dpm_pp_sde.r"));
  CHECK_THAT(refusal(dpm_pp_sde{.eta = INFINITY}), ContainsSubstring("dpm_pp_sde.eta"));
  CHECK_THAT(refusal(heun{.s_churn = -1}), ContainsSubstring("heun.s_churn"));
  CHECK_THAT(refusal(noisefall::euler{.s_tmin = 2, .s_tmax = 1}), ContainsSubstring("euler.s_tmax"));
  CHECK_THAT(refusal(pndm{.stride = 2.5}), ContainsSubstring("pndm.stride"));
  scalar::every_solver([](const std::string& name, const auto& solver, scalar::keeps) {
    CAPTURE(name);
    CHECK(refusal(solver).empty());
  });
}

TEST_CASE("a solver chosen at run time gives the same rows") {
  const auto legs = steps(5);
  scalar::every_solver([&](const std::string& name, const auto& solver, scalar::keeps) {
    CAPTURE(name);
    const any_built_in_solver variant = solver;
    const erased_solver erased = solver;
    const erased_solver of_variant = variant;
    const auto same = [&](const auto& other) {
      CHECK(other.order() == solver.order());
      CHECK(other.history() == solver.history());
      CHECK(name_of(other) == name_of(solver));
      CHECK(takes_two_readings(other) == takes_two_readings(solver));
      for (std::size_t i = 0; i < legs.size(); ++i) {
        const auto window = scalar::window_at(legs, i, std::min(i, solver.history()));
        const step_plan a = solver.plan(window), b = other.plan(window);
        CHECK((a.result == b.result && a.keep == b.keep && a.evaluations.size() == b.evaluations.size()));
      }
    };
    same(variant);
    same(erased);
    same(of_variant);
  });
}

TEST_CASE("an erased solver copies, is assigned, and holds a user's own") {
  erased_solver s = ddim{};
  const erased_solver copy = s;
  s = unipc{};
  CHECK(name_of(copy) == "ddim");
  CHECK(name_of(s) == "unipc");
  CHECK(takes_two_readings(copy));
  CHECK_FALSE(takes_two_readings(s));
  s = two_step{};
  CHECK(name_of(s) == "a policy without a name");
  CHECK_THROWS_AS(s.check(), error);
}

TEST_CASE("asking twice gives the same plan") {
  const auto legs = steps(4);
  scalar::every_solver([&](const std::string& name, const auto& solver, scalar::keeps) {
    CAPTURE(name);
    const auto window = scalar::window_at(legs, 2, std::min<std::size_t>(2, solver.history()));
    CHECK(solver.plan(window).result == solver.plan(window).result);
  });
}
