// What all rows have in common: they keep what they must, exist at both ends, and follow from each other.
#include "catch.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <noisefall/solver/row_algebra.hpp>

#include "solver/every_solver.hpp"
#include "solver/scalar_run.hpp"

using namespace noisefall;
using scalar::keeps;

namespace {

bool finite(const row& r) {
  row zero{};
  add(zero, 0, r);  // 0 * finite is 0
  return zero == row{};
}

std::vector<leg> through(std::vector<noise_level> levels) { return scalar::legs_through(levels); }

std::vector<std::vector<leg>> runs() {
  using scalar::vp;
  const auto clean = scalar::clean, noise = scalar::pure_noise;
  const noise_level middle = vp(0.4);
  return {through({vp(-2), vp(-1.2), vp(-0.7), vp(-0.3), vp(0.4), vp(1), vp(2), clean}),
          through({noise, vp(-3), vp(-1), vp(0), vp(1), vp(2), clean}),
          through({noise, clean}),
          through({noise, vp(0.1), clean}),
          through({vp(0.3), clean}),
          through({vp(-1), vp(-0.5), middle, middle, vp(1), vp(1.5)}),                        // a level that repeats
          through({clean, vp(2), vp(1), vp(0.2), vp(-1), vp(-2), noise}),                     // inversion
          through({{5, 1, 80}, {4, 1, 7}, {3, 1, 2}, {2, 1, 0.4}, {1, 1, 0.1}, {0, 1, 0}})};  // alpha = 1
}

template <class F>
void every_plan(const F& f) {
  const auto all = runs();
  scalar::every_solver([&](const std::string& name, const auto& solver, keeps what) {
    for (const auto& legs : all)
      for (std::size_t i = 0; i < legs.size(); ++i)
        for (std::size_t stored = 0; stored <= std::min(i, solver.history()); ++stored) {
          const step_window window = scalar::window_at(legs, i, stored);
          f(name, solver.plan(window), window, what);
        }
  });
}

}  // namespace

TEST_CASE("every row is finite at every leg, with any history") {
  every_plan([](const std::string& name, const step_plan& p, const step_window& w, keeps) {
    bool good = finite(p.result) && (!p.keep || finite(*p.keep)) && !p.evaluations.empty();
    for (const stage& s : p.evaluations) good = good && finite(s.state);
    if (!good) FAIL(name << ", leg " << w.at.index << " of " << w.at.count << ", " << w.stored << " stored");
  });
}

TEST_CASE("L17: every row keeps constant data and either the noise or the variance") {
  every_plan([](const std::string& name, const step_plan& p, const step_window& w, keeps what) {
    const noise_level before = w.stored > 0 ? w.past_level(0) : noise_level{};
    const auto holds = [&](const row& r, const noise_level& to) {
      const carried c = carry(r, p.of, p.renoise_of, w.at.from, before);
      const double noise = what == keeps::ode ? c.noise : std::sqrt(c.noise * c.noise + c.fresh);
      const double scale = 1e-11 * std::max(1.0, w.at.from.sigma);
      return std::abs(c.data - to.alpha) < scale && std::abs(noise - to.sigma) < scale;
    };
    bool good = true;
    // a corrected state carries noise of the last leg, which keeps the variance of that leg only
    if (what == keeps::ode || !p.keep || *p.keep == same_state) good = holds(p.result, w.at.to);
    if (p.keep) good = good && holds(*p.keep, w.at.from);
    for (const stage& s : p.evaluations) good = good && holds(s.state, s.at);
    if (!good) FAIL(name << ", leg " << w.at.index << " of " << w.at.count << ", " << w.stored << " stored");
  });
}

TEST_CASE("a leg that ends at sigma = 0 gives D exactly and draws nothing") {
  const auto legs = through({scalar::vp(-1), scalar::vp(0), scalar::vp(0.7), scalar::clean});
  scalar::every_solver([&](const std::string& name, const auto& solver, keeps) {
    for (std::size_t stored = 0; stored <= std::min<std::size_t>(2, solver.history()); ++stored) {
      step_window window = scalar::window_at(legs, 2, stored);
      window.has_previous = false;  // no corrector: its row comes before
      const step_plan p = solver.plan(window);
      CAPTURE(name, stored);
      CHECK(p.result.noise == std::array<double, max_noise_slots>{});
      CHECK(p.evaluations.size() == 1);
      if (p.of == quantity::x0) {
        row exact{};
        exact.now[0] = 1;
        CHECK(p.result == exact);
      } else if (solver.history() == 0 || std::string_view{name_of(solver)} != "pndm") {
        CHECK(p.result.x == 1 / scalar::vp(0.7).alpha);
        CHECK(p.result.now[0] == -scalar::vp(0.7).sigma / scalar::vp(0.7).alpha);
      }
    }
  });
}

TEST_CASE("a leg that starts at alpha = 0 is read as x0 and never interpolated with") {
  const auto legs = through({scalar::pure_noise, scalar::vp(-1), scalar::vp(0), scalar::vp(1)});
  scalar::every_solver([&](const std::string& name, const auto& solver, keeps) {
    if (name == "flow_runge_kutta") return;  // a flow's velocity is finite there: a step of full order
    CAPTURE(name);
    const step_plan first = solver.plan(scalar::window_at(legs, 0, 0));
    CHECK(first.of == quantity::x0);
    CHECK(first.result.now[0] == legs[0].to.alpha);
    if (solver.history() == 0) return;
    const step_plan second = solver.plan(scalar::window_at(legs, 1, 1));
    CHECK(second.result.past == std::array<double, max_history>{});
  });
}

TEST_CASE("a leg of no length changes nothing") {
  const auto legs = through({scalar::vp(-1), scalar::vp(0), scalar::vp(0), scalar::vp(1)});
  scalar::every_solver([&](const std::string& name, const auto& solver, keeps) {
    if (name == "consistency_multistep") return;  // renews its noise
    CAPTURE(name);
    step_window window = scalar::window_at(legs, 1, 0);
    window.has_previous = false;
    const step_plan p = solver.plan(window);
    CHECK(p.result.x == 1);
    CHECK(p.result.noise == std::array<double, max_noise_slots>{});
    for (const double w : p.result.now) CHECK(std::abs(w) < 1e-15);
  });
}

TEST_CASE("L8: DDIM at eta = 1 has the DDPM posterior's coefficients") {
  const auto legs = through({scalar::vp(-2), scalar::vp(-0.7), scalar::vp(0.3), scalar::vp(1.1)});
  for (std::size_t i = 0; i + 1 < legs.size(); ++i) {
    const row a = ddim{.eta = 1}.plan(scalar::window_at(legs, i, 0)).result;
    const row b = ddpm{}.plan(scalar::window_at(legs, i, 0)).result;
    const row c = dpm_multistep{.order = 1, .tau_squared = 1}.plan(scalar::window_at(legs, i, 0)).result;
    const noise_level &s = legs[i].from, &t = legs[i].to;
    const double beta = 1 - s.alpha * s.alpha / (t.alpha * t.alpha);
    for (const row& r : {a, b, c}) {
      CHECK(r.x == Approx(s.alpha / t.alpha * t.sigma * t.sigma / (s.sigma * s.sigma)).epsilon(1e-13));
      CHECK(r.now[0] == Approx(t.alpha * beta / (s.sigma * s.sigma)).epsilon(1e-13));
      CHECK(r.noise[0] == Approx(std::sqrt(beta) * t.sigma / s.sigma).epsilon(1e-13));
    }
    const row large = ddpm{.variance = ddpm::variance_kind::fixed_large}.plan(scalar::window_at(legs, i, 0)).result;
    CHECK(large.noise[0] == Approx(std::sqrt(beta)).epsilon(1e-13));
  }
}

TEST_CASE("L8: DDIM at eta is the Euler ancestral step of that eta") {
  const auto legs = through({{2, 1, 9}, {1, 1, 4}});  // alpha = 1: k-diffusion's terms
  for (const double eta : {0.0, 0.3, 1.0, 1.05, 3.0}) {
    const double up = std::min(4.0, eta * std::sqrt(16 * (81 - 16) / 81.0)), down = std::sqrt(16 - up * up);
    const row r = ddim{.eta = eta}.plan(scalar::window_at(legs, 0, 0)).result;
    CHECK(r.x == Approx(down / 9).margin(1e-15));
    CHECK(r.now[0] == Approx(1 - down / 9).epsilon(1e-14));
    CHECK(r.noise[0] == Approx(up).epsilon(1e-14));
  }
}

TEST_CASE("L9: DPM-Solver-1 is DDIM is Euler is the flow's Euler step, to the bit") {
  const auto legs = through({{1, 0.1, 0.9}, {0.5, 0.5, 0.5}});
  const row a = ddim{}.plan(scalar::window_at(legs, 0, 0)).result;
  CHECK(a == dpm_multistep{.order = 1}.plan(scalar::window_at(legs, 0, 0)).result);
  CHECK(a == dpm_singlestep{.order = 1}.plan(scalar::window_at(legs, 0, 0)).result);
  CHECK(a == euler{}.plan(scalar::window_at(legs, 0, 0)).result);
  CHECK(a == unipc{}.plan(scalar::window_at(legs, 0, 0)).result);
  // x + (sigma_t - sigma_s) v with v = (x - D) / sigma_s
  CHECK(a.x == Approx(1 - 0.4 / 0.9).epsilon(1e-14));
  CHECK(a.now[0] == Approx(0.4 / 0.9).epsilon(1e-14));
}

TEST_CASE("UniPC's predictors are dpm_multistep, so its corrector serves every multistep without noise") {
  const auto legs = through({scalar::vp(-1), scalar::vp(-0.5), scalar::vp(0.3), scalar::vp(0.7), scalar::vp(1.5)});
  for (const auto of : {quantity::x0, quantity::eps})
    for (int order = 1; order <= 3; ++order)
      for (std::size_t i = 0; i < legs.size(); ++i) {
        const auto window = scalar::window_at(legs, i, std::min(i, static_cast<std::size_t>(order - 1)));
        const auto predictor = [&](unipc::variant form) {
          return unipc{.order = order, .of = of, .coefficients = form, .corrector = false, .lower_order_final = false}
              .plan(window)
              .result;
        };
        using kind = dpm_multistep::kind;
        CHECK(predictor(unipc::variant::bh2) ==
              dpm_multistep{.order = order, .of = of, .correction = kind::midpoint}.plan(window).result);
        CHECK(predictor(unipc::variant::vary_coeff) ==
              dpm_multistep{.order = order, .of = of, .correction = kind::heun}.plan(window).result);
      }
}

TEST_CASE("two readings that agree give the row of one") {
  const auto legs = through({scalar::vp(-1), scalar::vp(-0.2), scalar::vp(0.3), scalar::vp(1.1)});
  const auto agree = [&](const auto& solver) {
    for (std::size_t i = 0; i < legs.size(); ++i)
      for (std::size_t stored = 0; stored <= std::min(i, solver.history()); ++stored) {
        const step_plan one = solver.plan(scalar::window_at(legs, i, stored));
        const step_plan two = solver.plan(scalar::window_at(legs, i, stored, true));
        // D = 0.3, so that eps = (x - alpha * 0.3) / sigma
        const double x = 0.8, d = 0.3, e = (x - legs[i].from.alpha * d) / legs[i].from.sigma, old = -0.2;
        const double second = two.renoise_of == quantity::x0 ? d : e;
        const double by_one = one.result.x * x + one.result.now[0] * d + one.result.past[0] * old;
        const double by_two = two.result.x * x + two.result.now[0] * d + two.result.now_renoise[0] * second +
                              two.result.past[0] * old + two.result.past_renoise[0] * old;
        CHECK(by_two == Approx(by_one).epsilon(1e-13));
        CHECK(one.result.noise == two.result.noise);
      }
  };
  agree(ddim{});
  agree(ddim{.eta = 0.7});
  agree(ddpm{});
  agree(euler{});
  agree(dpm_pp_2m{});
  agree(dpm_pp_2m{.correction = dpm_pp_2m::kind::heun});
}

TEST_CASE("CFG++ 2M weighs the readings as published") {
  const auto legs = through({scalar::vp(-0.1), scalar::vp(0.3), scalar::vp(0.9)});
  const row r = dpm_pp_2m{}.plan(scalar::window_at(legs, 1, 1, true)).result;
  const double a = 0.632708903929035, w = scalar::vp(0.9).alpha * -std::expm1(-0.6) / (2 * 0.4 / 0.6);
  CHECK(r.x == Approx(a).epsilon(1e-12));
  CHECK(r.now[0] == Approx(scalar::vp(0.9).alpha + w).epsilon(1e-12));
  CHECK(r.now_renoise[0] == Approx(-a * scalar::vp(0.3).alpha).epsilon(1e-12));
  CHECK(r.past_renoise[0] == Approx(-w).epsilon(1e-12));
  CHECK(r.past[0] == 0);
}

TEST_CASE("substitute puts one row into another") {
  row outer{.x = 3, .previous = 2}, inner{.x = 5, .previous = 7};
  outer.now = {1, 2};
  outer.noise = {0.5};
  inner.now = {10, 0, 4};
  inner.past = {6};
  inner.noise = {0, 1};
  row expected{.x = 15, .previous = 23};
  expected.now = {31, 2, 12};
  expected.past = {18};
  expected.noise = {0.5, 3};
  CHECK(substitute(outer, inner) == expected);
  CHECK(substitute(outer, same_state) == outer);
}
