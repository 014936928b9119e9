// Weights by impulse response against the closed forms of the solvers.
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <noisefall/parameterisation/v.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/search/linear_response.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>
#include <noisefall/solver/splitting.hpp>
#include <noisefall/trajectory/lists.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "solver/every_solver.hpp"
#include "solver/scalar_run.hpp"

using namespace noisefall;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

const std::vector<double> nodes{80, 31, 11.5, 4.2, 1.9, 0.71, 0.3, 0.12, 0.041, 0.011};

trajectory path_through(const std::vector<double>& sigmas) {
  std::vector<noise_level> levels;
  for (const double s : sigmas) levels.push_back({s, 1, s});
  return trajectory{levels};
}

std::vector<double> weights_of(const any_solver& solver, const std::vector<double>& sigmas = nodes) {
  return linear_response{solver, edm{}, path_through(sigmas)}.weights();
}

void check_weights(const std::vector<double>& found, const std::vector<double>& wanted) {
  REQUIRE(found.size() == wanted.size());
  for (std::size_t k = 0; k < found.size(); ++k) {
    CAPTURE(k);
    CHECK_THAT(found[k], WithinAbs(wanted[k], 1e-12 * nodes[0]));
  }
}

// One step's coefficients on the readings of eps there and before, [j]: the j-th node back. y' = y - sum_j c_j eps_j.
using step_rule = std::function<std::vector<double>(const std::vector<double>& s, std::size_t i)>;
std::vector<double> multistep_weights(const std::vector<double>& s, const step_rule& rule) {
  std::vector<double> w(s.size() - 1);
  for (std::size_t i = 0; i + 1 < s.size(); ++i) {
    const std::vector<double> c = rule(s, i);
    for (std::size_t j = 0; j < c.size(); ++j) w[i - j] += c[j];
  }
  return w;
}

// Integrals of Lagrange's basis on the readings so far over the step, weighed by dsigma/dtau, panel by panel.
std::vector<double> basis_integrals(const std::vector<double>& s, std::size_t i, std::size_t order,
                                    const std::function<double(double)>& tau,
                                    const std::function<double(double)>& slope) {
  static constexpr double at[] = {0.1252334085114689, 0.3678314989981802, 0.5873179542866175,
                                  0.7699026741943047, 0.9041172563704749, 0.9815606342467192};
  static constexpr double by[] = {0.2491470458134028, 0.2334925365383548, 0.2031674267230659,
                                  0.1600783285433462, 0.1069393259953184, 0.0471753363865118};
  const std::size_t have = std::min(order, i + 1);
  std::vector<double> c(have);
  constexpr int panels = 20;
  const double width = (tau(s[i + 1]) - tau(s[i])) / panels;
  for (int p = 0; p < panels; ++p)
    for (std::size_t q = 0; q < 12; ++q) {
      const double x = q < 6 ? -at[q] : at[q - 6], t = tau(s[i]) + width * (p + (1 + x) / 2);
      for (std::size_t j = 0; j < have; ++j) {
        double l = 1;
        for (std::size_t m = 0; m < have; ++m)
          if (m != j) l *= (t - tau(s[i - m])) / (tau(s[i - j]) - tau(s[i - m]));
        c[j] -= by[q % 6] * width / 2 * slope(t) * l;
      }
    }
  return c;
}

// What Lagrange's parabola in lambda makes of x0 readings over the step from a to b: the weights of readings at these
// sigmas in y_b = (b / a) y_a + sum_j c_j D_j, exactly (integrals of exp(lambda) times a polynomial).
std::vector<double> exponential_row(double a, double b, const std::vector<double>& at) {
  const double h = std::log(a / b);
  // b * int_0^h e^u u^k du / a: by parts, upwards
  std::vector<double> m;
  for (std::size_t k = 0; k < at.size(); ++k)
    m.push_back(k == 0 ? 1 - b / a : std::pow(h, static_cast<double>(k)) - static_cast<double>(k) * m.back());
  std::vector<double> c;
  for (std::size_t j = 0; j < at.size(); ++j) {
    std::vector<double> l{1};  // the basis polynomial in u = lambda - lambda_a
    for (std::size_t i = 0; i < at.size(); ++i) {
      if (i == j) continue;
      const double root = std::log(a / at[i]), span = std::log(a / at[j]) - root;
      std::vector<double> next(l.size() + 1);
      for (std::size_t k = 0; k < l.size(); ++k) {
        next[k + 1] += l[k] / span;
        next[k] -= l[k] * root / span;
      }
      l = next;
    }
    double sum = 0;
    for (std::size_t k = 0; k < l.size(); ++k) sum += l[k] * m[k];
    c.push_back(sum);
  }
  return c;
}

// Weights of eps errors of a run on x0 readings: y_{i+1} = keep_i y_i + sum_j c_ij D_{i-j}, where D = y - sigma e and
// nothing is fed back but y itself.
struct data_step {
  double keep;
  std::vector<double> of;  // on the readings at nodes i, i - 1, ...
};
std::vector<double> data_weights(const std::vector<double>& s, const std::function<data_step(std::size_t)>& rule) {
  const std::size_t n = s.size() - 1;
  std::vector<double> w(n);
  for (std::size_t k = 0; k < n; ++k) {  // an impulse at k, by hand
    std::vector<double> y(n + 1, 0.0), d(n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      d[i] = y[i] - (i == k ? s[i] : 0);
      const data_step step = rule(i);
      y[i + 1] = step.keep * y[i];
      for (std::size_t j = 0; j < step.of.size(); ++j) y[i + 1] += step.of[j] * d[i - j];
    }
    w[k] = -y[n];
  }
  return w;
}

}  // namespace

TEST_CASE("DDIM weighs an error by the step that it makes") {
  std::vector<double> h;
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) h.push_back(nodes[i] - nodes[i + 1]);
  check_weights(weights_of(ddim{}), h);
  check_weights(weights_of(euler{}), h);
}

TEST_CASE("DPM-Solver of order 2 weighs the inner evaluation alone at r = 1/2, of order 3 the outer and the second") {
  std::vector<double> second, third;
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) {
    const double d = nodes[i] - nodes[i + 1], h = std::log(nodes[i] / nodes[i + 1]), r1 = 0.5, r2 = 2. / 3;
    second.insert(second.end(), {d * (1 - 1 / (2 * r1)), d / (2 * r1)});
    const double b = nodes[i + 1] * (std::expm1(h) / h - 1) / r2;
    third.insert(third.end(), {d - b, 0, b});
  }
  check_weights(weights_of(dpm_singlestep{.order = 2, .of = quantity::eps}), second);
  check_weights(weights_of(dpm_singlestep{.order = 3, .of = quantity::eps}), third);
}

TEST_CASE("PNDM and iPNDM weigh by the formulas of Adams and Bashforth, after their starts") {
  static const double b[4][4] = {
      {1}, {3. / 2, -1. / 2}, {23. / 12, -16. / 12, 5. / 12}, {55. / 24, -59. / 24, 37. / 24, -9. / 24}};
  const auto adams = [](std::size_t first, std::size_t most) {
    return [first, most](const std::vector<double>& s, std::size_t i) {
      std::vector<double> c;
      const std::size_t known = std::min(i, most);
      for (std::size_t j = 0; j <= known && i >= first; ++j) c.push_back((s[i] - s[i + 1]) * b[known][j]);
      return c;
    };
  };
  check_weights(weights_of(pndm{.start = pndm::start_kind::ramp}), multistep_weights(nodes, adams(0, 3)));

  // three steps of pseudo Runge-Kutta, (1, 2, 2, 1) / 6, whose first readings are remembered
  std::vector<double> f = multistep_weights(nodes, adams(3, 3)), whole;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double d = (nodes[i] - nodes[i + 1]) / 6;
    if (i < 3)
      whole.insert(whole.end(), {f[i] + d, 2 * d, 2 * d, d});
    else
      whole.push_back(f[i]);
  }
  check_weights(weights_of(pndm{}), whole);

  // one improved Euler step, 1/2 and 1/2
  std::vector<double> s = multistep_weights(nodes, adams(1, 1));
  const double d = (nodes[0] - nodes[1]) / 2;
  s[0] += d;
  s.insert(s.begin() + 1, d);
  check_weights(weights_of(pndm{.start = pndm::start_kind::improved_euler, .remembered = 1}), s);
}

TEST_CASE("DEIS weighs by integrals of the Lagrange basis in its variable") {
  for (int order = 1; order <= 4; ++order) {
    const auto rho = [order](const std::vector<double>& s, std::size_t i) {
      return basis_integrals(
          s, i, static_cast<std::size_t>(order), [](double x) { return x; }, [](double) { return 1.0; });
    };
    check_weights(weights_of(deis{.order = order, .in = deis::coordinate::rho}), multistep_weights(nodes, rho));
    if (order == 4) continue;
    const auto log_rho = [order](const std::vector<double>& s, std::size_t i) {
      return basis_integrals(
          s, i, static_cast<std::size_t>(order), [](double x) { return std::log(x); },
          [](double t) { return std::exp(t); });
    };
    check_weights(weights_of(deis{.order = order, .in = deis::coordinate::log_rho}), multistep_weights(nodes, log_rho));
  }
}

TEST_CASE("DPM-Solver++ 2M weighs by its extrapolation of the data") {
  const auto rule = [](std::size_t i) -> data_step {
    const double keep = nodes[i + 1] / nodes[i];
    if (i == 0) return {keep, {1 - keep}};
    const double r = std::log(nodes[i - 1] / nodes[i]) / std::log(nodes[i] / nodes[i + 1]);
    return {keep, {(1 - keep) * (1 + 1 / (2 * r)), -(1 - keep) / (2 * r)}};
  };
  check_weights(weights_of(dpm_pp_2m{}), data_weights(nodes, rule));
}

TEST_CASE("UniPC weighs a step by its corrected form, and the last one by its predictor") {
  // bh1 to bh2 differ in two weights only; vary_coeff without its corrector is the exact polynomial in lambda
  const auto predictor = [](std::size_t order) {
    return [order](std::size_t i) -> data_step {
      const std::size_t left = nodes.size() - 1 - i, have = std::min({order, i + 1, left});
      std::vector<double> at;
      for (std::size_t j = 0; j < have; ++j) at.push_back(nodes[i - j]);
      return {nodes[i + 1] / nodes[i], exponential_row(nodes[i], nodes[i + 1], at)};
    };
  };
  for (const std::size_t order : {1, 2, 3}) {
    const unipc only{.order = static_cast<int>(order), .coefficients = unipc::variant::vary_coeff, .corrector = false};
    check_weights(weights_of(only), data_weights(nodes, predictor(order)));
  }
  // with the corrector: y_i is made again with the reading at its predicted self, which is one order more
  for (const int most : {2, 3}) {
    const std::size_t n = nodes.size() - 1;
    std::vector<double> wanted(n);
    for (std::size_t k = 0; k < n; ++k) {
      std::vector<double> d;
      double corrected = 0, before = 0, predicted = 0;
      for (std::size_t i = 0; i < n; ++i) {
        d.push_back(predicted - (i == k ? nodes[i] : 0));
        const auto row = [&](std::size_t from, std::size_t to, double start, std::size_t first, std::size_t count,
                             bool halved) {
          std::vector<double> at;
          for (std::size_t j = 0; j < count; ++j) at.push_back(nodes[first - j]);
          std::vector<double> c = exponential_row(nodes[from], nodes[to], at);
          if (halved) {  // the published 1/2 for the weight of the slope
            const double whole = 1 - nodes[to] / nodes[from], h = std::log(nodes[from] / nodes[to]);
            const double slope = whole / 2 * h / std::log(at[1] / at[0]);
            c = first == from ? std::vector<double>{whole + slope, -slope} : std::vector<double>{whole / 2, whole / 2};
          }
          double y = nodes[to] / nodes[from] * start;
          for (std::size_t j = 0; j < count; ++j) y += c[j] * d[first - j];
          return y;
        };
        const auto limit = [&](std::size_t step) {
          return std::min<std::size_t>(static_cast<std::size_t>(most), n - step);
        };
        if (i > 0) {
          const std::size_t order = std::min(limit(i - 1), i);
          before = corrected;
          corrected = row(i - 1, i, before, i, order + 1, order == 1);
        }
        const std::size_t predict = std::min(limit(i), i + 1);
        predicted = row(i, i + 1, corrected, i, predict, predict == 2);
      }
      wanted[k] = -predicted;
    }
    check_weights(weights_of(unipc{.order = most}), wanted);
  }
}

TEST_CASE("the SDE solvers weigh by their first rows") {
  // DDPM's mean, as k-diffusion's ancestral Euler: y' = (t/s)^2 y + (1 - (t/s)^2) D; D's error is -s e, y is fed back
  const auto ancestral = [](std::size_t i) -> data_step {
    const double keep = std::pow(nodes[i + 1] / nodes[i], 2);
    return {keep, {1 - keep}};
  };
  const std::vector<double> first = data_weights(nodes, ancestral);
  check_weights(weights_of(ddim{.eta = 1}), first);
  check_weights(weights_of(dpm_multistep{.order = 1, .tau_squared = 1}), first);
  check_weights(weights_of(seeds{.order = 1}), first);
  check_weights(weights_of(dpm_ancestral{.order = 1}), first);
  // without feedback the weight is s - t^2 / s, and later steps keep the error whole
  for (std::size_t i = 0; i < first.size(); ++i)
    CHECK_THAT(first[i], WithinRel(nodes[i] - nodes[i + 1] * nodes[i + 1] / nodes[i], 1e-12));
  // SDE-DPM-Solver++(2M), midpoint
  const auto second = [](std::size_t i) -> data_step {
    const double keep = std::pow(nodes[i + 1] / nodes[i], 2);
    if (i == 0) return {keep, {1 - keep}};
    const double r = std::log(nodes[i - 1] / nodes[i]) / std::log(nodes[i] / nodes[i + 1]);
    return {keep, {(1 - keep) * (1 + 1 / (2 * r)), -(1 - keep) / (2 * r)}};
  };
  check_weights(weights_of(dpm_multistep{.order = 2, .tau_squared = 1}), data_weights(nodes, second));
}

TEST_CASE("SplitNM weighs the network's readings as its own solver does, and gradients by themselves") {
  const pndm ramp{.start = pndm::start_kind::ramp};
  const linear_response run{splitting{ramp}, edm{}, path_through(nodes)};
  std::vector<double> of_network;
  const std::vector<double> all = run.weights();
  for (std::size_t k = 0; k < all.size(); ++k)
    if (!run.evaluations()[k].gradient) of_network.push_back(all[k]);
  check_weights(of_network, weights_of(ramp));
  // Lie and Trotter: y -= scale sigma drho g before each step, and nothing takes it away again
  const path_response split =
      linear_response{splitting<ddim>{.sub = ddim{}, .method = splitting_method::lie_trotter, .scale = 2}, edm{},
                      path_through(nodes)}
          .of(linear_response::no_feedback);
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i)
    CHECK_THAT(split.of_gradient[2 * i], WithinRel(2 * nodes[i] * (nodes[i] - nodes[i + 1]), 1e-12));
}

TEST_CASE("weights without feedback sum to the whole way, for every consistent solver of the ODE") {
  const std::vector<double> sigmas(nodes.begin() + 1, nodes.end());
  std::size_t solvers = 0;
  scalar::every_solver([&](const std::string& name, const auto& solver, scalar::keeps what) {
    if (what != scalar::keeps::ode) return;
    CAPTURE(name);
    double sum = 0;
    for (const double w : weights_of(solver, sigmas)) sum += w;
    CHECK_THAT(sum, WithinRel(sigmas.front() - sigmas.back(), 1e-11));
    ++solvers;
  });
  CHECK(solvers > 50);
}

TEST_CASE("weights with feedback are what the real run answers to impulses, for every solver") {
  const auto legs = scalar::vp_legs(std::vector<double>{-3, -2, -1.2, -0.3, 0.4, 1.5, 2.6});
  std::vector<noise_level> levels{legs.front().from};
  for (const leg& l : legs) levels.push_back(l.to);
  struct vp_by_lambda {  // time is -lambda, as in scalar_run.hpp
    noise_level at(double t) const { return scalar::vp(-t); }
    double time_of(double lambda) const { return -lambda; }
    double t_min() const { return -10; }
    double t_max() const { return 10; }
  };
  constexpr double v = 0.3;
  scalar::every_solver([&](const std::string& name, const auto& solver, scalar::keeps) {
    CAPTURE(name);
    trajectory path{std::vector<leg>(legs.begin(), legs.end()), trajectory_kind::descending};
    const linear_response run{solver, vp_by_lambda{}, path};
    const path_response found = run.of(v);
    std::size_t number = 0, hit = found.of_x0.size();
    const auto data = [&](double x, const noise_level& at) {
      const double x0 = at.alpha * v / (at.alpha * at.alpha * v + at.sigma * at.sigma) * x;
      return x0 + (number++ == hit ? 1 : 0);
    };
    CHECK_THAT(scalar::run(solver, legs, 1, data).x, WithinRel(found.gain, 1e-10) || WithinAbs(found.gain, 1e-12));
    for (std::size_t k = 0; k < found.of_x0.size(); ++k) {
      number = 0;
      hit = k;
      CHECK_THAT(scalar::run(solver, legs, 0, data).x, WithinAbs(found.of_x0[k], 1e-11));
    }
    double fresh = 0;
    for (std::size_t step = 0; step < legs.size(); ++step)
      for (std::size_t slot = 0; slot < max_noise_slots; ++slot) {
        scalar::settings how;
        how.noise = [&](std::size_t of, std::size_t in) { return of == step && in == slot ? 1.0 : 0.0; };
        number = 0;
        hit = found.of_x0.size() + 1000;
        fresh += std::pow(scalar::run(solver, legs, 0, data, how).x, 2);
      }
    CHECK_THAT(fresh, WithinAbs(found.fresh, 1e-11));
  });
}

TEST_CASE("the example of the published cost: an early error counts 47.4 without feedback and 0.58 with it") {
  std::vector<double> sigmas;
  for (int i = 0; i <= 10; ++i) sigmas.push_back(80 * std::pow(0.01 / 80, i / 10.));
  const linear_response run{ddim{}, edm{}, path_through(sigmas)};
  CHECK_THAT(run.weights()[0], WithinAbs(47.4, 0.05));
  CHECK_THAT(run.weights(0.25)[0], WithinAbs(0.58, 0.005));
  // and errors that are independent, V = 0.02 / (1 + s^2): 0.003908 under Euler, 0.004354 under 2M of eps
  for (const auto& [solver, wanted] : std::vector<std::pair<any_solver, double>>{
           {ddim{}, 0.003908}, {dpm_multistep{.order = 2, .of = quantity::eps}, 0.004354}}) {
    const std::vector<double> w = linear_response{solver, edm{}, path_through(sigmas)}.weights(0.25);
    double sum = 0;
    for (std::size_t k = 0; k < w.size(); ++k) sum += w[k] * w[k] * 0.02 / (1 + sigmas[k] * sigmas[k]);
    CHECK_THAT(sum, WithinAbs(wanted, 5e-7));
  }
}

TEST_CASE("a solver that chooses its own steps has no weights, and says so") {
  const std::string message = message_of([] { weights_of(dpm_adaptive{}); });
  CHECK(message ==
        "linear_response: dpm_adaptive: chooses its own steps, by the data: it has no weights; allowed: a "
        "solver that plans rows");
}
