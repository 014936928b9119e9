// DPM-Solver-v3: what it is with constant statistics, what it is exact for, its order, and its life as a run.
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <noisefall/noisefall.hpp>
#include <noisefall/sampler/checkpoint.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace {

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;

// eps of each element for itself, smooth in x and lambda.
double eps_of(double x, const nf::noise_level& at, std::size_t element) {
  return std::tanh(x * (0.5 + 0.2 * static_cast<double>(element % 3))) + 0.1 * std::sin(at.lambda());
}
auto network() {
  return nf::predictor_from<int>([](nf::view<double> x, const nf::evaluation& at, int, nf::mutable_view<double> out) {
    for (std::size_t i = 0; i < x.samples(); ++i)
      for (std::size_t e = 0; e < x.sample_size(); ++e) out.sample(i)[e] = eps_of(x.sample(i)[e], at.level(i), e);
  });
}

nf::noise_level level(double lambda) {
  return {-lambda, 1 / std::sqrt(1 + std::exp(-2 * lambda)), 1 / std::sqrt(1 + std::exp(2 * lambda))};
}
nf::trajectory even(int n, double first = -2, double last = 2) {
  std::vector<nf::noise_level> levels;
  for (int i = 0; i <= n; ++i) levels.push_back(level(first + (last - first) * i / n));
  return nf::trajectory{levels};
}

template <class Solver, class Model>
nf::tensor<double> run(const Solver& solver, const nf::trajectory& path, Model& model, nf::shape extents = {2, 3, 2}) {
  nf::tensor<double> x(extents);
  for (std::size_t i = 0; i < x.elements().size(); ++i) x.data()[i] = 0.9 - 0.13 * static_cast<double>(i);
  const nf::sampler sample{solver, nf::vp_linear{}, path};
  sample(model, x, {.start = nf::start_from::given});
  return x;
}

// Of one number along lambda, the same everywhere.
nf::model_statistics constant(double l, double s, double b) { return {{-3, 0.1, 4}, {l, l, l}, {s, s, s}, {b, b, b}}; }

// Three channels, each with statistics of its own.
nf::model_statistics of_channels() {
  nf::model_statistics made;
  for (int i = 0; i <= 400; ++i) {
    const double lambda = -2.5 + 5.0 * i / 400;
    made.lambdas.push_back(lambda);
    for (const double k : {0.0, 1.0, 2.0}) {
      made.l.push_back(0.5 + 0.2 * k + 0.1 * std::sin(lambda));
      made.s.push_back(-0.3 * k + 0.2 * std::cos(lambda));
      made.b.push_back(0.2 * k * std::cos(2 * lambda));
    }
  }
  return made;
}

void close(const nf::tensor<double>& a, const nf::tensor<double>& b, double epsilon) {
  for (std::size_t i = 0; i < a.elements().size(); ++i) CHECK(a.data()[i] == Approx(b.data()[i]).epsilon(epsilon));
}

}  // namespace

TEST_CASE("DPM-Solver-v3 with constant statistics is DPM-Solver++ or DPM-Solver") {
  auto model = network();
  for (int order = 1; order <= 3; ++order)
    for (const bool even_grid : {true, false}) {
      std::vector<nf::noise_level> levels{level(-2),  level(-1.7), level(-0.9), level(-0.2),
                                          level(0.7), level(1.1),  level(2)};
      const nf::trajectory path = even_grid ? even(7) : nf::trajectory{levels};
      const auto heun = nf::dpm_multistep::kind::heun;
      const auto v3 = [&](const nf::model_statistics& by) {
        return run(nf::dpm_solver_v3{.order = order, .lower_order_final = false, .statistics = by}, path, model);
      };
      close(v3(constant(1, 0, 0)), run(nf::dpm_multistep{.order = order, .correction = heun}, path, model), 1e-11);
      close(v3(constant(0, -1, 0)),
            run(nf::dpm_multistep{.order = order, .of = nf::quantity::eps, .correction = heun}, path, model), 1e-11);
    }
}

TEST_CASE("DPM-Solver-v3 is exact in one step of order 1 where the network is what the statistics say") {
  // f' = s f + b and sigma eps = l x + alpha f, element by element: then g is constant, and x / alpha obeys
  // y' = -l y - f, which is solved by fine Runge-Kutta steps
  const nf::model_statistics by = of_channels();
  const double first = -1.5, last = 1.5;
  constexpr int fine = 4000;
  const double h = (last - first) / fine;
  std::vector<std::vector<double>> f(3), y(3);
  const auto f_slope = [&](double lambda, double value, std::size_t e) {
    return by.at(lambda, e)[1] * value + by.at(lambda, e)[2];
  };
  for (std::size_t e = 0; e < 3; ++e) {
    double now = 0.4 - 0.3 * static_cast<double>(e);
    for (int i = 0; i <= 2 * fine; ++i) {  // at half steps
      f[e].push_back(now);
      const double at = first + i * h / 2, d = h / 2;
      const double k1 = f_slope(at, now, e), k2 = f_slope(at + d / 2, now + d / 2 * k1, e);
      const double k3 = f_slope(at + d / 2, now + d / 2 * k2, e), k4 = f_slope(at + d, now + d * k3, e);
      now += d / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
    }
  }
  auto model =
      nf::predictor_from<int>([&](nf::view<double> x, const nf::evaluation& at, int, nf::mutable_view<double> out) {
        const nf::noise_level& here = at.level(0);
        const auto index = static_cast<std::size_t>(std::lround((here.lambda() - first) / (h / 2)));
        for (std::size_t e = 0; e < 3; ++e)
          out.data()[e] = (by.at(here.lambda(), e)[0] * x.data()[e] + here.alpha * f[e][index]) / here.sigma;
      });
  const nf::dpm_solver_v3 solver{.order = 1, .statistics = by};
  const nf::tensor<double> end = run(solver, even(1, first, last), model, {1, 3});
  for (std::size_t e = 0; e < 3; ++e) {
    double now = (0.9 - 0.13 * static_cast<double>(e)) / level(first).alpha;
    for (std::size_t i = 0; i < fine; ++i) {
      const double at = first + static_cast<double>(i) * h;
      const auto slope = [&](double lambda, double value, std::size_t k) {
        return -by.at(lambda, e)[0] * value - f[e][k];
      };
      const double k1 = slope(at, now, 2 * i), k2 = slope(at + h / 2, now + h / 2 * k1, 2 * i + 1);
      const double k3 = slope(at + h / 2, now + h / 2 * k2, 2 * i + 1), k4 = slope(at + h, now + h * k3, 2 * i + 2);
      now += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
    }
    CHECK(end.data()[e] == Approx(level(last).alpha * now).epsilon(1e-4));  // of the statistics' grid
  }
}

TEST_CASE("L10: DPM-Solver-v3 has its order, whatever the statistics") {
  auto model = network();
  const nf::tensor<double> exact =
      run(nf::exponential_runge_kutta{.by = nf::exponential_method::krogstad}, even(2000), model);
  for (int order = 1; order <= 3; ++order) {
    const nf::dpm_solver_v3 solver{.order = order, .lower_order_final = false, .statistics = of_channels()};
    std::vector<double> errors;
    for (const int n : {40, 80}) {
      const nf::tensor<double> x = run(solver, even(n), model);
      double worst = 0;
      for (std::size_t i = 0; i < x.elements().size(); ++i)
        worst = std::max(worst, std::abs(x.data()[i] - exact.data()[i]));
      errors.push_back(worst);
    }
    CAPTURE(order, errors[0], errors[1]);
    const double measured = std::log2(errors[0] / errors[1]);
    if (order < 3) CHECK(measured == Approx(order).margin(0.25));
    if (order == 3) CHECK(measured > 1.9);  // its ramp
  }
}

TEST_CASE("DPM-Solver-v3's correctors and pseudo-rules are the published ones") {
  // Algorithm 2 for one number, with constant statistics; integrals by Simpson's rule.
  const double l = 0.6, s = -0.4;
  double b = 0;
  const auto integral = [](double to, auto f) {
    constexpr int panels = 400;
    const double d = to / panels;
    double sum = 0;
    for (int i = 0; i < panels; ++i) sum += d / 6 * (f(i * d) + 4 * f((i + 0.5) * d) + f((i + 1) * d));
    return sum;
  };
  const auto b_integral = [&](double u) { return b * (1 - std::exp(-s * u)) / s; };  // of exp(-S) b since lambda_s
  struct node {
    double lambda, f;
  };
  // From x at the first node's level to another, by g at the nodes.
  const auto walk = [&](double x, const std::vector<node>& nodes, double to, bool pseudo) {
    const double h = to - nodes[0].lambda;
    std::vector<double> u, g;
    for (const node& n : nodes) {
      u.push_back(n.lambda - nodes[0].lambda);
      g.push_back(std::exp(-s * u.back()) * n.f - b_integral(u.back()));
    }
    std::vector<double> derivatives = g;  // over k!: divided differences, and g itself
    for (std::size_t k = 1; k < g.size(); ++k)
      for (std::size_t i = g.size() - 1; i >= k; --i)
        derivatives[i] = (derivatives[i] - derivatives[i - 1]) / (u[i] - u[i - k]);
    const double sum = integral(h, [&](double v) {
      double value = b_integral(v), power = 1, product = 1;
      for (std::size_t k = 0; k < g.size(); ++k) {
        value += derivatives[k] * (pseudo ? power : product);
        power *= v;
        product *= v - u[k];
      }
      return std::exp((l + s) * v) * value;
    });
    return level(to).alpha * std::exp(-l * h) * (x / level(nodes[0].lambda).alpha - sum);
  };
  using correction = nf::dpm_solver_v3::correction;
  const std::vector<double> lambdas{-2, -1.7, -0.9, -0.2, 0.7, 1.1, 2};
  std::vector<nf::noise_level> levels;
  for (const double lambda : lambdas) levels.push_back(level(lambda));
  const std::size_t n = lambdas.size() - 1;
  auto model = network();
  nf::model_statistics with_offset;  // whose integrals are of second order in the distance of the lambdas
  for (int i = 0; i <= 2000; ++i) {
    with_offset.lambdas.push_back(-2 + 4. * i / 2000);
    with_offset.l.push_back(l);
    with_offset.s.push_back(s);
    with_offset.b.push_back(0.3);
  }
  for (int order = 1; order <= 3; ++order)
    for (const correction corrector : {correction::none, correction::plain, correction::pseudo})
      for (const bool pseudo : {false, true})
        for (const bool lowers : {false, true}) {
          b = lowers ? 0.3 : 0;
          CAPTURE(order, static_cast<int>(corrector), pseudo, lowers);
          double x = 0.9;
          std::vector<double> states;  // corrected
          std::vector<node> nodes;
          std::size_t used = 0;
          for (std::size_t i = 0; i < n; ++i) {
            const nf::noise_level at = level(lambdas[i]);
            nodes.push_back({lambdas[i], (at.sigma * eps_of(x, at, 0) - l * x) / at.alpha});
            const std::size_t count = used + (corrector == correction::pseudo ? 1 : 0);
            if (corrector != correction::none && i > 0 && count > 1) {
              std::vector<node> chosen{nodes[i - 1], nodes[i]};
              for (std::size_t k = 2; k < count; ++k) chosen.push_back(nodes[i - k]);
              x = walk(states.back(), chosen, lambdas[i], corrector == correction::pseudo);
            }
            states.push_back(x);
            used = std::min(static_cast<std::size_t>(order), i + 1);
            if (lowers) used = std::min(used, n - i);
            std::vector<node> chosen;
            for (std::size_t k = 0; k < used; ++k) chosen.push_back(nodes[i - k]);
            x = walk(x, chosen, lambdas[i + 1], pseudo);
          }
          const nf::dpm_solver_v3 solver{.order = order,
                                         .lower_order_final = lowers,
                                         .pseudo_predictor = pseudo,
                                         .corrector = corrector,
                                         .statistics = b == 0 ? constant(l, s, 0) : with_offset};
          const double mine = run(solver, nf::trajectory{levels}, model, {1, 1}).data()[0];
          CHECK(mine == Approx(x).epsilon(b == 0 ? 1e-11 : 1e-6));
        }
}

TEST_CASE("DPM-Solver-v3's correctors keep or raise its order") {
  auto model = network();
  const nf::tensor<double> exact =
      run(nf::exponential_runge_kutta{.by = nf::exponential_method::krogstad}, even(1200), model);
  using correction = nf::dpm_solver_v3::correction;
  const auto order_of = [&](int order, correction corrector, bool pseudo) {
    std::vector<double> errors;
    for (const int n : {30, 60}) {
      const nf::dpm_solver_v3 solver{.order = order,
                                     .lower_order_final = false,
                                     .pseudo_predictor = pseudo,
                                     .corrector = corrector,
                                     .statistics = of_channels()};
      const nf::tensor<double> x = run(solver, even(n), model);
      double worst = 0;
      for (std::size_t i = 0; i < x.elements().size(); ++i)
        worst = std::max(worst, std::abs(x.data()[i] - exact.data()[i]));
      errors.push_back(worst);
    }
    return std::log2(errors[0] / errors[1]);
  };
  CHECK(order_of(1, correction::plain, false) == Approx(1).margin(0.25));
  CHECK(order_of(1, correction::pseudo, false) == Approx(2).margin(0.25));
  CHECK(order_of(2, correction::plain, false) == Approx(2).margin(0.3));
  CHECK(order_of(2, correction::pseudo, false) == Approx(2).margin(0.3));
  CHECK(order_of(3, correction::none, true) == Approx(2).margin(0.3));
  CHECK(order_of(3, correction::plain, false) > 1.9);  // its ramp
}

TEST_CASE("statistics of channels and of elements are those of what they stand for") {
  auto model = network();
  const nf::model_statistics channels = of_channels();
  nf::model_statistics elements = channels;
  for (auto* list : {&elements.l, &elements.s, &elements.b}) {
    const std::vector<double> of_each = *list;
    list->clear();
    for (const double v : of_each) list->insert(list->end(), 2, v);  // [3, 2]
  }
  const auto by = [&](const nf::model_statistics& s) {
    return run(nf::dpm_solver_v3{.statistics = s}, even(6), model);
  };
  close(by(channels), by(elements), 1e-14);
  nf::model_statistics four = channels;
  for (auto* list : {&four.l, &four.s, &four.b}) list->resize(4 * four.lambdas.size());
  CHECK_THAT(message_of([&] { by(four); }), ContainsSubstring("4 numbers for a sample of 6 elements"));
}

TEST_CASE("a run of DPM-Solver-v3 may be resumed, inverted and ended early") {
  auto model = network();
  const nf::dpm_solver_v3 solver{
      .order = 3, .corrector = nf::dpm_solver_v3::correction::pseudo, .statistics = of_channels()};
  const nf::sampler sample{solver, nf::vp_linear{}, even(6)};
  const nf::tensor<double> whole = run(solver, even(6), model);
  const nf::run_options<int> options;
  for (std::size_t stop = 1; stop < 6; ++stop) {
    nf::tensor<double> x({2, 3, 2}), y({2, 3, 2});
    for (std::size_t i = 0; i < 12; ++i) x.data()[i] = 0.9 - 0.13 * static_cast<double>(i);
    auto first = sample.start(nf::mutable_view<double>{x}, {.start = nf::start_from::given});
    while (first.steps_done() < stop) nf::step(first, model, options);
    auto second = sample.start(nf::mutable_view<double>{y}, {.start = nf::start_from::given});
    nf::load(second, nf::save(first));
    while (!second.done()) nf::step(second, model, options);
    for (std::size_t i = 0; i < 12; ++i) CHECK(y.data()[i] == whole.data()[i]);
    while (!first.done()) {
      first.finish_now();
      nf::step(first, model, options);
    }
    CHECK(first.shortened() == (stop < 6));
  }
  const nf::dpm_solver_v3 full{.order = 3, .lower_order_final = false, .statistics = of_channels()};
  nf::tensor<double> x = run(full, even(200), model);
  const nf::sampler inverse{full, nf::vp_linear{}, nf::inversion(even(200))};
  inverse(model, x, {.start = nf::start_from::given});
  for (std::size_t i = 0; i < 12; ++i) CHECK(x.data()[i] == Approx(0.9 - 0.13 * static_cast<double>(i)).margin(3e-4));
}

TEST_CASE("statistics that are none are refused") {
  const auto check = [](const nf::model_statistics& s) {
    return message_of([&] { nf::dpm_solver_v3{.statistics = s}.check(); });
  };
  CHECK_THAT(check({}), ContainsSubstring("0 lambdas; allowed: two or more"));
  CHECK_THAT(check({{1, 1}, {1, 1}, {0, 0}, {0, 0}}), ContainsSubstring("finite lambdas that rise"));
  CHECK_THAT(check({{1, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}}), ContainsSubstring("3 values of l"));
  CHECK_THAT(check({{1, 2}, {1, 1}, {0, 0}, {0}}), ContainsSubstring("1 of b"));
  CHECK_THAT(check({{1, 2}, {1, std::nan("")}, {0, 0}, {0, 0}}), ContainsSubstring("finite values"));
  CHECK_THAT(message_of([] {
               nf::sampler{nf::dpm_solver_v3{.statistics = constant(1, 0, 0)}, nf::edm{}, nf::karras{.steps = 3}};
             }),
             ContainsSubstring("levels with a finite lambda"));
}
