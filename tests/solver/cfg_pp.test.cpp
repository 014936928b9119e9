// CFG++ by second readings: ComfyUI's loops, written down by themselves on y = x / alpha over rho = sigma / alpha.
#include "catch.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

#include <noisefall/solver/built_in.hpp>

#include "solver/scalar_run.hpp"

using namespace noisefall;

namespace {

// The guided denoised value and that of the branch that is renoised with.
double guided(double y, double rho) { return std::tanh(y / (1 + rho)) + 0.2; }
double other(double y, double rho) { return 0.7 * std::tanh(0.8 * y / (1 + rho)) - 0.1; }
double noise(std::size_t step) { return std::cos(1.3 * static_cast<double>(step) + 0.2); }

const std::vector<double> rhos{6, 3.5, 2, 1.1, 0.6, 0.2, 0};

// All plans carried out with both readings.
template <class Solver>
double carried_out(const Solver& solver, double y) {
  std::vector<noise_level> levels;
  for (const double rho : rhos) levels.push_back(rho == 0 ? scalar::clean : scalar::vp(-std::log(rho)));
  const auto legs = scalar::legs_through(levels);
  double x = y * levels[0].alpha;
  std::vector<double> past, past_second;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    const step_plan p = solver.plan(scalar::window_at(legs, i, past.size(), true));
    std::array<double, max_evaluations> now{}, second{};
    const auto value = [&](const row& r) {
      double v = r.x * x;
      for (std::size_t k = 0; k < now.size(); ++k) v += r.now[k] * now[k] + r.now_renoise[k] * second[k];
      for (std::size_t k = 0; k < past.size(); ++k) v += r.past[k] * past[k] + r.past_renoise[k] * past_second[k];
      return v + r.noise[0] * noise(p.slots[0].step);
    };
    const auto read = [](quantity of, double denoised, double state, const noise_level& at) {
      return of == quantity::x0 ? denoised : (state - at.alpha * denoised) / at.sigma;
    };
    for (std::size_t k = 0; k < p.evaluations.size(); ++k) {
      const noise_level& at = p.evaluations[k].at;
      const double state = value(p.evaluations[k].state), here = state / at.alpha;
      now[k] = read(p.of, guided(here, at.rho()), state, at);
      second[k] = read(p.renoise_of, other(here, at.rho()), state, at);
    }
    x = value(p.result);
    if (p.remember) {
      past.insert(past.begin(), now[*p.remember]);
      past_second.insert(past_second.begin(), second[*p.remember]);
    }
    while (past.size() > solver.history()) past.pop_back(), past_second.pop_back();
  }
  return x;
}

struct ancestral {
  double up, down;
  ancestral(double s, double t, double eta)
      : up{std::min(t, eta * std::sqrt(t * t * (s * s - t * t) / (s * s)))}, down{std::sqrt(t * t - up * up)} {}
};

double euler_ancestral(double y, double eta, double s_noise) {
  for (std::size_t i = 0; i + 1 < rhos.size(); ++i) {
    const double s = rhos[i], t = rhos[i + 1], d = guided(y, s), e = (y - other(y, s)) / s;
    if (t == 0) return d;
    const ancestral a{s, t, eta};
    y = d + e * a.down + a.up * s_noise * noise(i);
  }
  return y;
}
double two_s_ancestral(double y, double eta, double s_noise) {
  for (std::size_t i = 0; i + 1 < rhos.size(); ++i) {
    const double s = rhos[i], t = rhos[i + 1], d = guided(y, s), u = other(y, s);
    if (t == 0) return d;
    const ancestral a{s, t, eta};
    const double h = std::log(s / a.down), middle = s * std::exp(-h / 2);
    const double y2 = middle / s * (y + (d - u)) - std::expm1(-h / 2) * d;
    y = a.down / s * (y + (d - u)) - std::expm1(-h) * guided(y2, middle) + a.up * s_noise * noise(i);
  }
  return y;
}
double estimation(double y, double gamma) {
  double before = 0;
  for (std::size_t i = 0; i + 1 < rhos.size(); ++i) {
    const double s = rhos[i], t = rhos[i + 1], d = guided(y, s), e = (y - other(y, s)) / s;
    if (t == 0) return d;
    y = d + e * t;
    if (i > 0) y += (gamma - 1) * (e - before) * (t - s);
    before = e;
  }
  return y;
}

}  // namespace

TEST_CASE("CFG++ under Euler ancestral and DPM++ 2S ancestral is the published loop") {
  for (const double eta : {0.0, 0.6, 1.0}) {
    const double x = euler_ancestral(1.4, eta, 1);
    CHECK(carried_out(ddim{.eta = eta}, 1.4) == Approx(x).epsilon(1e-12));
    CHECK(carried_out(dpm_ancestral{.order = 1, .eta = eta}, 1.4) == Approx(x).epsilon(1e-12));
    CHECK(carried_out(dpm_ancestral{.order = 1, .eta = eta, .s_noise = 1.2}, 1.4) ==
          Approx(euler_ancestral(1.4, eta, 1.2)).epsilon(1e-12));
    CHECK(carried_out(dpm_ancestral{.eta = eta, .s_noise = 1.1}, 1.4) ==
          Approx(two_s_ancestral(1.4, eta, 1.1)).epsilon(1e-12));
  }
  CHECK(carried_out(dpm_singlestep{.order = 2}, 1.4) == Approx(two_s_ancestral(1.4, 0, 1)).epsilon(1e-12));
  CHECK(carried_out(dpm_singlestep{.order = 1}, 1.4) == Approx(carried_out(ddim{}, 1.4)).epsilon(1e-12));
  CHECK_FALSE(takes_two_readings(dpm_singlestep{.of = quantity::eps}));
  CHECK_FALSE(takes_two_readings(dpm_ancestral{.of = quantity::eps}));
}

TEST_CASE("CFG++ under gradient estimation is the published loop") {
  for (const double gamma : {1.0, 2.0, 2.6})
    CHECK(carried_out(gradient_estimation{.gamma = gamma}, 1.4) == Approx(estimation(1.4, gamma)).epsilon(1e-12));
}

TEST_CASE("second readings that agree with the first change nothing") {
  const auto agrees = [](const auto& solver) {
    const auto legs = scalar::vp_legs(std::array{-1.2, -0.6, -0.1, 0.3, 0.9});
    for (std::size_t i = 0; i < legs.size(); ++i)
      for (std::size_t stored = 0; stored <= std::min(i, solver.history()); ++stored) {
        const auto value = [&](bool two) {
          const step_plan p = solver.plan(scalar::window_at(legs, i, stored, two));
          const double x = 0.7;
          std::array<double, max_evaluations> now{}, second{};
          const auto sum = [&](const row& r) {
            double v = r.x * x;
            for (std::size_t k = 0; k < now.size(); ++k) v += r.now[k] * now[k] + r.now_renoise[k] * second[k];
            const auto old = [&](quantity of) { return of == quantity::x0 ? -0.3 : 0.8; };
            for (std::size_t k = 0; k < stored; ++k) v += r.past[k] * old(p.of) + r.past_renoise[k] * old(p.renoise_of);
            return v + r.noise[0] * 0.4;
          };
          for (std::size_t k = 0; k < p.evaluations.size(); ++k) {
            const noise_level& at = p.evaluations[k].at;
            const double state = sum(p.evaluations[k].state), d = std::tanh(state);
            const auto as = [&](quantity of) { return of == quantity::x0 ? d : (state - at.alpha * d) / at.sigma; };
            now[k] = as(p.of);
            second[k] = as(p.renoise_of);
          }
          return sum(p.result);
        };
        CHECK(value(true) == Approx(value(false)).epsilon(1e-13));
      }
  };
  for (int order = 1; order <= 3; ++order) {
    agrees(dpm_singlestep{.order = order});
    agrees(dpm_singlestep{.order = order, .correction = dpm_singlestep::kind::heun});
    agrees(dpm_ancestral{.order = order});
  }
  agrees(gradient_estimation{});
}
