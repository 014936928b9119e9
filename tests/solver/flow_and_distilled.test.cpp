// Runge-Kutta on a flow's velocity, and the samplers of distilled models: their formulas and limits.
#include "catch.hpp"

#include <array>
#include <cmath>
#include <vector>

#include <noisefall/solver/consistency_multistep.hpp>
#include <noisefall/solver/ddim.hpp>
#include <noisefall/solver/flow_ancestral.hpp>
#include <noisefall/solver/flow_runge_kutta.hpp>
#include <noisefall/solver/latent_consistency.hpp>
#include <noisefall/solver/tcd.hpp>

#include "solver/measured_order.hpp"
#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

noise_level flow(double s) { return {s, 1 - s, s}; }
constexpr auto flow_at_lambda = [](double lambda) { return flow(1 / (1 + std::exp(lambda))); };

template <class Solver>
step_plan flow_step(const Solver& solver, double from, double to) {
  const std::vector<leg> one = scalar::legs_through(std::array{flow(from), flow(to)});
  step_window window = scalar::window_at(one, 0, 0);
  window.at_lambda = flow_at_lambda;
  return solver.plan(window);
}

// A plan carried out for a network whose x0 is `data(x, s)`.
template <class Data>
double carry_out(const step_plan& p, double x, Data data) {
  std::array<double, max_evaluations> now{};
  const auto value = [&](const row& r) {
    double v = r.x * x;
    for (std::size_t k = 0; k < now.size(); ++k) v += r.now[k] * now[k];
    return v;
  };
  for (std::size_t k = 0; k < p.evaluations.size(); ++k)
    now[k] = data(value(p.evaluations[k].state), p.evaluations[k].at.sigma);
  return value(p.result);
}

using method = flow_runge_kutta::method;

}  // namespace

TEST_CASE("L10: Runge-Kutta on the velocity has its order on any marginal") {
  CHECK(scalar::measured_order(flow_runge_kutta{}) == Approx(2).margin(0.12));
  CHECK(scalar::measured_order(flow_runge_kutta{.by = method::midpoint}) == Approx(2).margin(0.12));
  CHECK(scalar::measured_order(flow_runge_kutta{.by = method::classical}) == Approx(4).margin(0.2));
}

TEST_CASE("Runge-Kutta on the velocity is the textbook's, from alpha = 0 too") {
  const auto data = [](double x, double s) { return std::tanh(x - 0.3 * s); };
  const auto v = [&](double x, double s) { return (x - data(x, s)) / s; };
  for (const double s : {1.0, 0.7}) {
    const double t = 0.4, h = t - s, m = (s + t) / 2, x = 0.8, k1 = v(x, s);
    const double heun = x + h / 2 * (k1 + v(x + h * k1, t)), middle = x + h * v(x + h / 2 * k1, m);
    const double k2 = v(x + h / 2 * k1, m), k3 = v(x + h / 2 * k2, m), k4 = v(x + h * k3, t);
    const double classical = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
    const auto run = [&](method by) { return carry_out(flow_step(flow_runge_kutta{.by = by}, s, t), x, data); };
    CHECK(run(method::heun) == Approx(heun).epsilon(1e-13));
    CHECK(run(method::midpoint) == Approx(middle).epsilon(1e-13));
    CHECK(run(method::classical) == Approx(classical).epsilon(1e-13));
  }
  CHECK(flow_step(flow_runge_kutta{}, 1, 0.4).evaluations.size() == 2);
  CHECK(flow_step(flow_runge_kutta{.by = method::classical}, 1, 0.4).evaluations.size() == 4);
}

TEST_CASE("flow_ancestral has the published formula, and keeps some noise where a flow starts") {
  for (const double s : {1.0, 0.7}) {
    const double t = 0.4, eta = 0.6, down = t * (1 + (t / s - 1) * eta), ratio = (1 - t) / (1 - down);
    const row r = flow_step(flow_ancestral{.eta = eta, .s_noise = 1.1}, s, t).result;
    CHECK(r.x == Approx(ratio * down / s).epsilon(1e-13));
    CHECK(r.now[0] == Approx(ratio * (1 - down / s)).epsilon(1e-13));
    CHECK(r.noise[0] == Approx(1.1 * std::sqrt(t * t - down * down * ratio * ratio)).epsilon(1e-13));
  }
  CHECK(flow_step(flow_ancestral{.eta = 0}, 0.7, 0.4).result == flow_step(ddim{}, 0.7, 0.4).result);
  CHECK(flow_step(flow_ancestral{.eta = 3}, 0.9, 0.1).result.x == 0);  // down to 0: all noise renewed
  CHECK(scalar::measured_weak_order(flow_ancestral{}) == Approx(1).margin(0.15));
}

TEST_CASE("TCD at gamma = 0 is DDIM, and jumps to the table's clean end at gamma = 1") {
  const auto legs = scalar::vp_legs(std::array{-2.0, -1.0, -0.5});
  const auto window = scalar::window_at(legs, 0, 0);
  CHECK(tcd{.gamma = 0}.plan(window).result == ddim{}.plan(window).result);
  const noise_level s = legs[0].from, t = legs[0].to, end = scalar::vp(0);  // its time is -lambda
  const row r = tcd{.gamma = 1}.plan(window).result;
  const double ratio = t.alpha / end.alpha;
  CHECK(r.x == Approx(ratio * end.sigma / s.sigma).epsilon(1e-13));
  CHECK(r.now[0] == Approx(ratio * (end.alpha - s.alpha * end.sigma / s.sigma)).epsilon(1e-13));
  CHECK(r.noise[0] == Approx(std::sqrt(1 - ratio * ratio)).epsilon(1e-13));
}

TEST_CASE("TCD finds the time it jumps to, and rounds it down where it is an index") {
  const auto legs = scalar::legs_through(std::array{scalar::vp(-9), scalar::vp(-5)});  // t = 9 and 5
  const auto window = scalar::window_at(legs, 0, 0);
  const auto noise = [&](double time) {
    return std::sqrt(1 - std::pow(scalar::vp(-5).alpha / scalar::vp(-time).alpha, 2));
  };
  CHECK(tcd{.gamma = 0.3}.plan(window).result.noise[0] == Approx(noise(3.5)).epsilon(1e-13));
  CHECK(tcd{.gamma = 0.3, .whole_times = true}.plan(window).result.noise[0] == Approx(noise(3)).epsilon(1e-13));
}

TEST_CASE("latent consistency blends the state in by the label") {
  const auto legs = scalar::vp_legs(std::array{-2.0, -1.0});  // labelled 500 + t
  const auto window = scalar::window_at(legs, 0, 0);
  const double tau = 0.01 * 502, skip = 0.25 / (tau * tau + 0.25), out = tau / std::sqrt(tau * tau + 0.25);
  const row r = latent_consistency{.timestep_scaling = 0.01}.plan(window).result;
  const noise_level& t = legs[0].to;
  CHECK(r.x == Approx(t.alpha * skip).epsilon(1e-13));
  CHECK(r.now[0] == Approx(t.alpha * out).epsilon(1e-13));
  CHECK(r.noise[0] == t.sigma);
  // far from time 0 the scalings vanish
  const row far = latent_consistency{.timestep_scaling = 1e12}.plan(window).result;
  const row plain = consistency_multistep{}.plan(window).result;
  CHECK(far.x == Approx(0).margin(1e-20));
  CHECK(far.now[0] == plain.now[0]);
}

TEST_CASE("parameters of the new solvers out of range are refused by their names") {
  const auto refuses = [](const auto& solver, const std::string& where) {
    CHECK_THROWS_WITH(solver.check(), Catch::Matchers::ContainsSubstring(where));
  };
  refuses(tcd{.gamma = 1.1}, "tcd.gamma");
  refuses(latent_consistency{.timestep_scaling = 0}, "latent_consistency.timestep_scaling");
  refuses(latent_consistency{.sigma_data = -1}, "latent_consistency.sigma_data");
}
