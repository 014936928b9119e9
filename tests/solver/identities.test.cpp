// What is one method under several names: the same numbers for any state, readings and noise.
#include "catch.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <noisefall/solver/built_in.hpp>

#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

const auto legs = scalar::vp_legs(std::array{-1.2, -0.6, -0.1, 0.3, 0.9, 1.4, 1.8, 2.2, 2.5});
constexpr std::size_t here = 3;  // the leg that is compared; not the last, so that no order is lowered

// A denoiser that is no polynomial, and noises that are all different.
double data(double x, const noise_level& at) { return std::tanh(0.8 * x + 0.3) + 0.2 * at.sigma; }
double z(std::size_t slot) { return 0.7 - 0.4 * static_cast<double>(slot); }

struct stepped {
  double x, kept;
};

// One step from a state, over readings of the denoiser at states that have nothing to do with it.
template <class Solver>
stepped step(const Solver& solver, std::size_t stored, std::size_t leg_index = here, double x = 0.6) {
  const step_window w = scalar::window_at(legs, leg_index, stored);
  const step_plan p = solver.plan(w);
  const double previous = -0.35;
  std::array<double, max_evaluations> now{};
  const auto reading = [&](double state, const noise_level& at) {
    const double d = data(state, at);
    return p.of == quantity::x0 ? d : (state - at.alpha * d) / at.sigma;
  };
  const auto value = [&](const row& r) {
    double v = r.x * x + r.previous * previous;
    for (std::size_t k = 0; k < now.size(); ++k) v += r.now[k] * now[k];
    for (std::size_t k = 0; k < stored; ++k)
      v += r.past[k] * reading(0.3 + 0.5 * static_cast<double>(k), w.past_level(k));
    for (std::size_t j = 0; j < r.noise.size(); ++j) v += r.noise[j] * z(j);
    return v;
  };
  for (std::size_t k = 0; k < p.evaluations.size(); ++k)
    now[k] = reading(value(p.evaluations[k].state), p.evaluations[k].at);
  return {value(p.result), p.keep ? value(*p.keep) : 0};
}

template <class... Solvers>
void are_one(std::size_t stored, const Solvers&... solvers) {
  const std::vector<stepped> all{step(solvers, stored)...};
  for (std::size_t k = 1; k < all.size(); ++k) {
    CAPTURE(k);
    CHECK(all[k].x == Approx(all[0].x).epsilon(1e-13));
  }
}

using multi = dpm_multistep;
constexpr auto eps = quantity::eps;
constexpr auto exact = multi::kind::heun;

}  // namespace

TEST_CASE("identity: DDIM is every deterministic first-order step") {
  are_one(0, ddim{}, euler{}, multi{.order = 1}, multi{.order = 1, .of = eps}, dpm_singlestep{.order = 1},
          dpm_singlestep{.order = 1, .of = eps}, deis{.order = 1}, deis{.order = 1, .in = deis::coordinate::log_rho},
          deis{.order = 1, .in = deis::coordinate::index}, lms{.order = 1}, pndm{.start = pndm::start_kind::ramp},
          unipc{.order = 1, .corrector = false}, sa_solver{.predictor_order = 1, .corrector_order = 0, .tau = 0},
          seeds{.order = 1, .tau_squared = 0}, er_sde{.order = 1, .scale = er_sde::noise_scale::ode},
          dpm_ancestral{.order = 1, .eta = 0}, flow_ancestral{.eta = 0}, gradient_estimation{}, dpm_pp_2m{},
          tcd{.gamma = 0});
}

TEST_CASE("identity: DDPM is every first-order step of its SDE") {
  are_one(0, ddpm{}, ddim{.eta = 1}, multi{.order = 1, .tau_squared = 1}, dpm_ancestral{.order = 1}, seeds{.order = 1},
          er_sde{.order = 1, .scale = er_sde::noise_scale::sde}, sa_solver{.predictor_order = 1, .corrector_order = 0},
          ddpm{.variance = ddpm::variance_kind::annealed, .large_first = 0});
}

TEST_CASE("identity: DDIM's eta is an SDE's strength, step by step") {
  const double h = legs[here].to.lambda() - legs[here].from.lambda();
  for (const double eta : {0.2, 0.7, 1.0}) {
    const double tau_squared = -std::log1p(eta * eta * std::expm1(-2 * h)) / (2 * h);
    are_one(0, ddim{.eta = eta}, dpm_ancestral{.order = 1, .eta = eta}, multi{.order = 1, .tau_squared = tau_squared},
            seeds{.order = 1, .tau_squared = tau_squared});
  }
}

TEST_CASE("identity: DPM-Solver-2 is the midpoint in ln sigma, with or without churn and fresh noise") {
  are_one(0, dpm_singlestep{.order = 2, .of = eps}, dpm_2_churn{}, dpm_ancestral{.of = eps, .eta = 0});
  are_one(0, dpm_singlestep{.order = 2}, dpm_ancestral{.eta = 0}, dpm_pp_sde{.eta = 0},
          seeds{.tau_squared = 0, .correction = seeds::slope::midpoint});
}

TEST_CASE("identity: 2M with its exact slope is exponential Adams and Bashforth of order 2") {
  are_one(1, dpm_pp_2m{.correction = exact}, multi{.correction = exact},
          unipc{.order = 2, .coefficients = unipc::variant::vary_coeff, .corrector = false},
          sa_solver{.corrector_order = 0, .tau = 0, .few_step_weights = false});
  are_one(1, multi{.of = eps, .correction = exact}, deis{.order = 2, .in = deis::coordinate::log_rho},
          sa_solver{.corrector_order = 0, .of = eps, .tau = 0});
  are_one(1, multi{.correction = exact, .tau_squared = 1}, sa_solver{.corrector_order = 0, .few_step_weights = false});
}

TEST_CASE("identity: 2M with half the slope is UniP-2 with bh2") {
  are_one(1, dpm_pp_2m{}, multi{}, unipc{.order = 2, .corrector = false});
  are_one(1, multi{.of = eps}, unipc{.order = 2, .of = eps, .corrector = false});
}

TEST_CASE("identity: the corrected 3M is UniP-3 with any B, and exponential Adams and Bashforth of order 3") {
  for (const auto of : {quantity::x0, eps})
    are_one(2, multi{.order = 3, .of = of}, unipc{.of = of, .corrector = false},
            unipc{.of = of, .coefficients = unipc::variant::bh1, .corrector = false},
            unipc{.of = of, .coefficients = unipc::variant::vary_coeff, .corrector = false},
            sa_solver{.predictor_order = 3, .corrector_order = 0, .of = of, .tau = 0});
  are_one(2, multi{.order = 3, .of = eps}, deis{.in = deis::coordinate::log_rho});
  are_one(3, unipc{.order = 4, .corrector = false}, sa_solver{.predictor_order = 4, .corrector_order = 0, .tau = 0});
}

TEST_CASE("identity: UniC of order 2 and more, with any B, is exponential Adams and Moulton") {
  for (std::size_t p = 2; p <= 3; ++p) {
    const int order = static_cast<int>(p);
    const stepped sa = step(sa_solver{.predictor_order = order, .corrector_order = order + 1, .tau = 0}, p, 4);
    for (const auto form : {unipc::variant::bh1, unipc::variant::bh2}) {
      const stepped uni = step(unipc{.order = order, .coefficients = form}, p, 4);
      CHECK(uni.kept == Approx(sa.kept).epsilon(1e-13));
      if (p > 2) CHECK(uni.x == Approx(sa.x).epsilon(1e-13));  // UniP-2 has half the slope
    }
  }
  const stepped halves = step(unipc{.order = 1}, 1, 4);  // UniC-1: half of each end
  const noise_level &from = legs[3].from, &to = legs[3].to;
  const double now = data(0.6, to), before = data(0.3, from), a = to.sigma / from.sigma;
  CHECK(halves.kept == Approx(a * -0.35 + (to.alpha - a * from.alpha) * (now + before) / 2).epsilon(1e-13));
}

TEST_CASE("identity: DEIS in rho is LMS, and PLMS is Adams and Bashforth by the number of the step") {
  for (int order = 1; order <= 4; ++order)
    are_one(static_cast<std::size_t>(order - 1), lms{.order = order},
            deis{.order = order, .in = deis::coordinate::rho});
  are_one(3, pndm{.start = pndm::start_kind::ramp}, pndm{}, deis{.order = 4, .in = deis::coordinate::index});
}

TEST_CASE("identity: Heun's method in rho is EDM's, that in lambda with its end looked at SEEDS-2's") {
  are_one(0, heun{}, rho_runge_kutta{.by = rho_runge_kutta::method::heun});
  are_one(0, exponential_runge_kutta{.by = exponential_method::etd_rk_2}, seeds{.r = 1, .tau_squared = 0});
  are_one(0, exponential_runge_kutta{.by = exponential_method::res_2s}, seeds{.tau_squared = 0},
          dpm_singlestep{.order = 2, .correction = dpm_singlestep::kind::heun});
  are_one(0, exponential_runge_kutta{.by = exponential_method::res_3s, .c2 = 1. / 3, .c3 = 2. / 3},
          dpm_singlestep{.order = 3}, seeds{.order = 3, .tau_squared = 0});
}

TEST_CASE("identity: consistency sampling is a step to a cleaner level and noise from there") {
  const noise_level &from = legs[here].from, &to = legs[here].to;
  const double d = data(0.6, from), e = (0.6 - from.alpha * d) / from.sigma;
  CHECK(step(consistency_multistep{}, 0).x == Approx(to.alpha * d + to.sigma * z(0)).epsilon(1e-13));
  // the time is -lambda: a jump to (1 - gamma) t with t below 0 would not be cleaner, so one with t above
  const std::size_t early = 0;
  const noise_level &s = legs[early].from, &t = legs[early].to, jump = scalar::vp(t.lambda() * 0.4);
  const double ds = data(0.6, s), es = (0.6 - s.alpha * ds) / s.sigma, ratio = t.alpha / jump.alpha;
  const double at_jump = jump.alpha * ds + jump.sigma * es;
  CHECK(step(tcd{.gamma = 0.6}, 0, early).x ==
        Approx(ratio * at_jump + std::sqrt(t.sigma * t.sigma - ratio * ratio * jump.sigma * jump.sigma) * z(0))
            .epsilon(1e-13));
  CHECK(step(tcd{.gamma = 0}, 0).x == Approx(to.alpha * d + to.sigma * e).epsilon(1e-13));
}

TEST_CASE("identity: SDE forms without noise are the ODE's") {
  are_one(2, multi{.order = 3, .s_noise = 1.3}, multi{.order = 3});
  are_one(2, er_sde{.scale = er_sde::noise_scale::ode, .s_noise = 1.3}, er_sde{.scale = er_sde::noise_scale::ode});
  are_one(0, seeds{.order = 3, .tau_squared = 0, .s_noise = 1.3}, seeds{.order = 3, .tau_squared = 0});
}

TEST_CASE("s_noise weighs a step's noise and nothing else") {
  const auto weighed = [](const auto& plain, const auto& hot, std::size_t stored) {
    const auto w = scalar::window_at(legs, here, stored);
    const row a = plain.plan(w).result, b = hot.plan(w).result;
    CHECK(a.x == b.x);
    CHECK(a.now == b.now);
    CHECK(a.past == b.past);
    for (std::size_t j = 0; j < max_noise_slots; ++j) CHECK(b.noise[j] == Approx(1.3 * a.noise[j]).epsilon(1e-14));
    CHECK(a.noise[0] > 0);
    CHECK(weak_order_of(hot) == 0);
  };
  weighed(multi{.order = 3, .tau_squared = 0.5}, multi{.order = 3, .tau_squared = 0.5, .s_noise = 1.3}, 2);
  weighed(multi{.order = 1, .tau_squared = 1}, multi{.order = 1, .tau_squared = 1, .s_noise = 1.3}, 0);
  weighed(er_sde{}, er_sde{.s_noise = 1.3}, 2);
  weighed(sa_solver{}, sa_solver{.s_noise = 1.3}, 2);
  weighed(seeds{.order = 3}, seeds{.order = 3, .s_noise = 1.3}, 0);
}

TEST_CASE("multistep solvers invert: on the reversed trajectory they have their order") {
  // from data to noise and the error there
  const scalar::two_gaussians two;
  const auto error = [&](const auto& solver, int n) {
    std::vector<double> lambdas;
    for (int i = 0; i <= n; ++i) lambdas.push_back(2.5 - 5.0 * i / n);
    return std::abs(scalar::run(solver, scalar::vp_legs(lambdas), 0.7, two).x - two.flow(0.7, 2.5, -2.5));
  };
  const auto order = [&](const auto& solver) { return std::log2(error(solver, 128) / error(solver, 256)); };
  CHECK(order(ddim{}) == Approx(1).margin(0.15));
  for (const auto of : {quantity::x0, eps}) {
    CHECK(order(multi{.of = of}) == Approx(2).margin(0.15));
    CHECK(order(multi{.order = 3, .of = of, .start = multistep_start::singlestep}) == Approx(3).margin(0.2));
    CHECK(order(unipc{.order = 2, .of = of, .lower_order_final = false}) == Approx(3).margin(0.2));
    CHECK(order(dpm_singlestep{.order = 3, .of = of}) == Approx(3).margin(0.2));
  }
  CHECK(order(lms{.order = 2}) == Approx(2).margin(0.15));
  CHECK(order(rho_runge_kutta{.by = rho_runge_kutta::method::classical}) == Approx(4).margin(0.3));
}
