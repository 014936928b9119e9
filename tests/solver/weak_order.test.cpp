// Weak orders measured without chance: on Gaussian data the exact denoiser is linear, so a run's mean and variance
// follow from its answers to unit impulses.
#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/solver/built_in.hpp>
#include <noisefall/solver/erased.hpp>

#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

constexpr double deviation = 0.4, first = -2.5, last = 2.5;

double variance_at(const noise_level& l) { return l.alpha * l.alpha * deviation * deviation + l.sigma * l.sigma; }

// x0 of N(0, deviation^2).
double gaussian(double x, const noise_level& at) { return at.alpha * deviation * deviation / variance_at(at) * x; }

struct law {
  double memory = 0;  // of the mean: d E[x_end] / d x_start
  double variance = 0;
};

template <class Solver>
law law_of(const Solver& solver, int n) {
  std::vector<double> lambdas;
  for (int i = 0; i <= n; ++i) lambdas.push_back(first + (last - first) * i / n);
  const auto legs = scalar::vp_legs(lambdas);
  law found{.memory = scalar::run(solver, legs, 1, gaussian).x};
  found.variance = found.memory * found.memory * variance_at(legs.front().from);
  for (std::size_t step = 0; step < legs.size(); ++step)
    for (std::size_t slot = 0; slot < max_noise_slots; ++slot) {
      bool asked = false;
      scalar::settings how;
      how.noise = [&](std::size_t of, std::size_t in) {
        const bool this_one = of == step && in == slot;
        asked = asked || this_one;
        return this_one ? 1.0 : 0.0;
      };
      const double answer = scalar::run(solver, legs, 0, gaussian, how).x;
      if (!asked) break;
      found.variance += answer * answer;
    }
  return found;
}

// Of the reverse SDE of strength tau^2: with x = u sigma exp(-tau^2 lambda) the mean obeys
// du / dlambda = (1 + tau^2) alpha^2 s^2 / (alpha^2 s^2 + sigma^2) u.
double exact_memory(double tau_squared) {
  const noise_level from = scalar::vp(first), to = scalar::vp(last);
  const auto of_data = [](double lambda) { return 1 + deviation * deviation * std::exp(2 * lambda); };
  return to.sigma / from.sigma * std::exp(-tau_squared * (last - first)) *
         std::pow(of_data(last) / of_data(first), (1 + tau_squared) / 2);
}

template <class Solver>
double error_of(const Solver& solver, int n, std::optional<double> tau_squared) {
  const law found = law_of(solver, n);
  const double of_variance = std::abs(found.variance - variance_at(scalar::vp(last)));
  if (!tau_squared) return of_variance;
  return std::max(of_variance, std::abs(found.memory - exact_memory(*tau_squared)));
}

// The law at the end of a run that starts at the data's; given tau^2, also the mean from any other start. A strength
// given as eta or churn is a tau only to first order in the step: then the former alone.
template <class Solver>
void has_weak_order(const std::string& name, const Solver& solver, int order, std::optional<double> tau_squared) {
  CAPTURE(name);
  CHECK(weak_order_of(solver) == order);
  const double measured = std::log2(error_of(solver, 128, tau_squared) / error_of(solver, 256, tau_squared));
  CHECK(measured == Approx(order).margin(0.15));
}

using multi = dpm_multistep;

}  // namespace

TEST_CASE("L10: first-order stochastic solvers have weak order 1") {
  has_weak_order("ddim, eta 1", ddim{.eta = 1}, 1, 1);
  has_weak_order("ddim, eta 0.5", ddim{.eta = 0.5}, 1, {});
  has_weak_order("ddpm", ddpm{}, 1, 1);
  has_weak_order("ddpm, large variance", ddpm{.variance = ddpm::variance_kind::fixed_large}, 1, 1);
  has_weak_order("ddpm, annealed variance", ddpm{.variance = ddpm::variance_kind::annealed}, 1, 1);
  has_weak_order("sde-dpm++ 1", multi{.order = 1, .tau_squared = 1}, 1, 1);
  has_weak_order("sde-dpm++ 1, tau 1/2", multi{.order = 1, .tau_squared = 0.25}, 1, 0.25);
  has_weak_order("sa_solver 1, 0", sa_solver{.predictor_order = 1, .corrector_order = 0}, 1, 1);
  has_weak_order("euler, churn", euler{.s_churn = 5}, 1, {});
}

TEST_CASE("L10: stochastic solvers of higher order have weak order 2, sde-dpm++ 3M too") {
  for (const double tau_squared : {0.25, 1.0}) {
    for (const auto kind : {multi::kind::midpoint, multi::kind::heun})
      has_weak_order("sde-dpm++ 2M", multi{.correction = kind, .tau_squared = tau_squared}, 2, tau_squared);
    has_weak_order("sde-dpm 2M", multi{.of = quantity::eps, .tau_squared = tau_squared}, 2, tau_squared);
    has_weak_order("sde-dpm 3M", multi{.order = 3, .of = quantity::eps, .tau_squared = tau_squared}, 2, tau_squared);
    has_weak_order("sde-dpm++ 3M, halved",
                   multi{.order = 3, .tau_squared = tau_squared, .third_order = multi::third::halved}, 2, tau_squared);
  }
  has_weak_order("sde-dpm++ 3M", multi{.order = 3, .tau_squared = 1}, 2, 1);
  has_weak_order("dpm_pp_sde", dpm_pp_sde{}, 2, 1);
  has_weak_order("dpm_pp_sde, r 0.3", dpm_pp_sde{.r = 0.3}, 2, 1);
  has_weak_order("dpm_pp_sde, eta 0.5", dpm_pp_sde{.eta = 0.5}, 2, {});
  has_weak_order("heun, churn", heun{.s_churn = 5}, 2, {});
  for (const auto mode : {sa_solver::mode::pec, sa_solver::mode::pece}) {
    has_weak_order("sa_solver", sa_solver{.evaluate = mode}, 2, 1);
    for (const auto& [predictor, corrector] : {std::pair{1, 2}, {2, 0}, {3, 0}, {3, 4}})
      has_weak_order("sa_solver",
                     sa_solver{.predictor_order = predictor,
                               .corrector_order = corrector,
                               .evaluate = mode,
                               .few_step_weights = false,
                               .lower_order_final = false},
                     2, 1);
  }
}

TEST_CASE("L10: ancestral steps keep the law of the data to the order of their deterministic part") {
  for (int order = 1; order <= 3; ++order)
    for (const double eta : {0.5, 1.0})
      has_weak_order("dpm_ancestral", dpm_ancestral{.order = order, .eta = eta}, order, {});
}

TEST_CASE("the third-order SDE of diffusers is of weak order 1, for its slip of sign") {
  has_weak_order("shipped", multi{.order = 3, .tau_squared = 1, .third_order = multi::third::shipped}, 1, 1);
}

TEST_CASE("what does not converge to the data is declared of weak order 0") {
  const auto stays = [](const std::string& name, const auto& solver) {
    CAPTURE(name);
    const double coarse = error_of(solver, 128, {}), fine = error_of(solver, 256, {});
    CHECK(weak_order_of(solver) == 0);
    CHECK(fine > 0.01);
    CHECK(std::log2(coarse / fine) < 0.15);
  };
  stays("all noise renewed", consistency_multistep{});
  stays("temperature", ddpm{.temperature = 0.8});
  stays("dpm_pp_sde, other noise", dpm_pp_sde{.s_noise = 1.2});
  stays("dpm_ancestral, other noise", dpm_ancestral{.s_noise = 1.2});
  stays("heun, other noise", heun{.s_churn = 20, .s_noise = 1.2});
  stays("euler, other noise", euler{.s_churn = 20, .s_noise = 1.2});
}

TEST_CASE("without noise the weak order is the order, and a choice at run time keeps it") {
  CHECK(weak_order_of(unipc{.order = 3}) == unipc{.order = 3}.order());
  CHECK(weak_order_of(multi{.order = 3}) == 3);
  CHECK(weak_order_of(sa_solver{.predictor_order = 3, .corrector_order = 4, .tau = 0}) == 4);
  CHECK(weak_order_of(heun{}) == 2);
  const multi stochastic{.order = 3, .tau_squared = 1};
  CHECK(weak_order_of(any_built_in_solver{stochastic}) == 2);
  CHECK(weak_order_of(erased_solver{stochastic}) == 2);
  CHECK(weak_order_of(erased_solver{any_built_in_solver{unipc{.order = 3}}}) == weak_order_of(unipc{.order = 3}));
}
