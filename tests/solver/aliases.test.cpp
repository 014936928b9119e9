// Each published name against the published loop, written down by itself in published.hpp.
#include "catch.hpp"

#include <cmath>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <noisefall/parameterisation/x0.hpp>
#include <noisefall/predictor/callable_predictor.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/solver/built_in.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>
#include <noisefall/tensor/tensor.hpp>

#include "solver/published.hpp"
#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

const scalar::two_gaussians data;

template <class S>
concept HasAliases = requires {
  S::aliases();
};

template <class... Solvers>
struct each {
  template <class F>
  static void see(const F& f) {
    (f(std::type_identity<Solvers>{}), ...);
  }
};

// f(alias) for every alias of every built-in solver.
template <class F>
void every_alias(const F& f) {
  built_in_solvers::in<each>::see([&](auto type) {
    using solver = typename decltype(type)::type;
    if constexpr (HasAliases<solver>)
      for (const auto& alias : solver::aliases()) f(alias);
  });
}

double unit(std::size_t step, std::size_t slot) {
  return 1.7 * std::sin(2.1 * static_cast<double>(step) + 0.9 * static_cast<double>(slot) + 0.4);
}

published::problem problem_over(const std::vector<leg>& legs) {
  published::problem p;
  for (const leg& l : legs) p.rho.push_back(l.from.rho());
  p.rho.push_back(legs.back().to.rho());
  p.denoise = [](double y, double rho) {
    const noise_level level = scalar::vp(-std::log(rho));
    return data(y * level.alpha, level);
  };
  p.z = unit;
  return p;
}

std::vector<leg> path(bool to_clean) {
  std::vector<noise_level> levels;
  for (const double l : {-2.3, -1.5, -0.9, -0.2, 0.3, 1.1, 1.6}) levels.push_back(scalar::vp(l));
  if (to_clean) levels.push_back(scalar::clean);
  return scalar::legs_through(levels);
}

}  // namespace

TEST_CASE("a solver under a published name runs the published loop") {
  const auto methods = published::methods();
  std::set<std::string> seen;
  every_alias([&](const auto& alias) {
    const std::string name{alias.name};
    CAPTURE(name);
    if (name == "improved_ddpm") return;  // below: the network supplies its variance
    REQUIRE(methods.count(name) == 1);
    seen.insert(name);
    for (const bool to_clean : {false, true}) {
      const auto legs = path(to_clean);
      const double start = 0.9, expected = methods.at(name)(problem_over(legs), start / legs[0].from.alpha);
      scalar::settings how;
      how.noise = unit;
      CHECK(scalar::run(alias.solver, legs, start, data, how).x ==
            Approx(legs.back().to.alpha * expected).epsilon(1e-10));
    }
  });
  CHECK(seen.size() == methods.size());
}

TEST_CASE("improved DDPM's variance lies between the two fixed ones, respaced") {
  const auto [name, solver] = ddpm::aliases()[0];
  CHECK(name == "improved_ddpm");
  const auto legs = path(true);
  for (std::size_t i = 0; i + 1 < legs.size(); ++i) {
    const double bar = legs[i].from.alpha * legs[i].from.alpha, next = legs[i].to.alpha * legs[i].to.alpha;
    const double beta = 1 - bar / next;
    const step_plan p = solver.plan(scalar::window_at(legs, i, 0));
    REQUIRE(p.variance.has_value());
    CHECK(p.variance->how == learned_variance::kind::range);
    CHECK(p.variance->log_low == Approx(std::log(beta * (1 - next) / (1 - bar))).epsilon(1e-12));
    CHECK(p.variance->log_high == Approx(std::log(beta)).epsilon(1e-12));
    CHECK(p.result.x == Approx(std::sqrt(bar / next) * (1 - next) / (1 - bar)).epsilon(1e-12));
    CHECK(p.result.now[0] == Approx(std::sqrt(next) * beta / (1 - bar)).epsilon(1e-12));
    CHECK(p.result.noise[0] == 1);
  }
}

TEST_CASE("DPM-Solver-12 and -23 take the steps of the published algorithm") {
  const auto denoise = [](double y, double rho) {
    const noise_level level = scalar::vp(-std::log(rho));
    return data(y * level.alpha, level);
  };
  auto model = predictor_from<int>([&](view<double> x, const evaluation& at, int, mutable_view<double> out) {
    out.data()[0] = denoise(x.data()[0], at.level(0).sigma);
  });
  for (const auto& [name, solver] : dpm_adaptive::aliases()) {
    CAPTURE(name);
    const bool third = name == "dpm_solver_23";
    REQUIRE((third || name == "dpm_solver_12"));
    // appendix C with algorithms 1 to 3, in y and rho, of one sample
    const double atol = 0.0078, rtol = 0.05, last = -std::log(0.05);
    double lambda = -std::log(10.0), h = 0.05, y = 8, before = y;
    std::size_t evaluations = 0;
    while (std::abs(std::exp(-lambda) - 0.05) > 1e-5) {
      const double s = std::exp(-lambda), t = std::exp(-lambda - h);
      const auto eps = [&](double at, double rho) {
        ++evaluations;
        return (at - denoise(at, rho)) / rho;
      };
      const double e = eps(y, s);
      double low = 0, high = 0;
      if (third) {
        const double r1 = 1. / 3, r2 = 2. / 3, one = s * std::exp(-r1 * h), two = s * std::exp(-r2 * h);
        const double e1 = eps(y - one * std::expm1(r1 * h) * e, one);
        const double e2 =
            eps(y - two * std::expm1(r2 * h) * e - two * r2 / r1 * (std::expm1(r2 * h) / (r2 * h) - 1) * (e1 - e), two);
        low = y - t * std::expm1(h) * e - t * std::expm1(h) / (2 * r1) * (e1 - e);
        high = y - t * std::expm1(h) * e - t / r2 * (std::expm1(h) / h - 1) * (e2 - e);
      } else {
        const double one = s * std::exp(-h / 2), e1 = eps(y - one * std::expm1(h / 2) * e, one);
        low = y - t * std::expm1(h) * e;
        high = y - t * std::expm1(h) * e1;
      }
      const double error = std::abs(high - low) / std::max(atol, rtol * std::max(std::abs(low), std::abs(before)));
      if (error <= 1) y = high, before = low, lambda += h;
      h = std::min(0.9 * h * std::pow(error, -1. / (third ? 3 : 2)), last - lambda);
    }
    tensor<double> x({1, 1});
    x.data()[0] = 8;
    const sampler sample{solver, edm{}, trajectory{std::vector<noise_level>{{10, 1, 10}, {0.05, 1, 0.05}}}, unguided{},
                         predicts_x0{}};
    const auto result = sample(model, x, {.start = start_from::given});
    CHECK(x.data()[0] == Approx(y).epsilon(1e-10));
    CHECK(result.evaluations == evaluations);
    CHECK(evaluations > 10);
  }
}

TEST_CASE("names and aliases are unique, and every alias passes its solver's check") {
  std::multiset<std::string_view> names{dpm_adaptive::name};
  built_in_solvers::in<each>::see([&](auto type) { names.insert(decltype(type)::type::name); });
  const auto add = [&](const auto& alias) {
    names.insert(alias.name);
    CHECK_NOTHROW(alias.solver.check());
  };
  every_alias(add);
  for (const auto& alias : dpm_adaptive::aliases()) add(alias);
  for (const std::string_view name : names) {
    CAPTURE(name);
    CHECK(names.count(name) == 1);
  }
}
