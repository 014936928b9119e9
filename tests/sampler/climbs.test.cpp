// Trajectories that climb: Restart and RePaint against their published loops, and what a climb does to a run.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <noisefall/guidance/rescale.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/sampler/checkpoint.hpp>
#include <noisefall/sampler/plan_table.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace {

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;

// Unit noises that a loop by hand can draw too.
double unit(std::uint32_t step) { return 1.3 * std::sin(1.7 * static_cast<double>(step) + 0.3); }
struct known_noise {
  template <class T>
  void fill(std::span<T> out, std::size_t, const nf::increment& which) const {
    for (T& z : out) z = static_cast<T>(which.step == nf::increment::initial ? 0.9 : unit(which.step));
  }
};

// x0 at noise sigma, alpha = 1.
double denoise(double x, double sigma) { return 0.3 + 0.6 * std::tanh(x / (1 + sigma)) + 0.05 * sigma / (1 + sigma); }
auto network() {
  return nf::predictor_from<int>([](nf::view<double> x, const nf::evaluation& at, int, nf::mutable_view<double> out) {
    for (std::size_t i = 0; i < x.size(); ++i) out.data()[i] = denoise(x.data()[i], at.level(0).sigma);
  });
}

struct ended {
  double x;
  nf::run_result how;
};
template <class Solver>
ended run(const Solver& solver, const nf::trajectory& path, nf::threshold map = {}) {
  auto model = network();
  nf::tensor<double> x({1, 1});
  const nf::sampler sample{solver, nf::edm{}, path, nf::unguided{}, nf::predicts_x0{}, map};
  const nf::run_result how = sample(model, nf::mutable_view<double>{x}, {}, known_noise{});
  return {x.data()[0], how};
}

const nf::karras five{.steps = 5, .sigma_min = 0.02, .sigma_max = 10};
const nf::restart twice{five, {{.sigma_min = 0.2, .sigma_max = 1.5, .steps = 3, .times = 2}}};

}  // namespace

TEST_CASE("Heun's method on a restarting trajectory is the published Restart") {
  std::vector<double> main;
  for (int i = 0; i < 5; ++i)
    main.push_back(std::pow(std::pow(10, 1. / 7) + i / 4. * (std::pow(0.02, 1. / 7) - std::pow(10, 1. / 7)), 7));
  main.push_back(0);
  std::size_t nearest = 1;
  for (std::size_t i = 1; i < main.size(); ++i)
    if (std::abs(main[i] - 0.2) < std::abs(main[nearest] - 0.2)) nearest = i;
  REQUIRE(nearest < 5);

  std::size_t evaluations = 0;
  const auto slope = [&](double x, double sigma) {
    ++evaluations;
    return (x - denoise(x, sigma)) / sigma;
  };
  const auto heun = [&](double x, double s, double t) {
    const double d = slope(x, s), u = x + (t - s) * d;
    return t == 0 ? u : x + (t - s) * (d + slope(u, t)) / 2;
  };
  double x = 10 * 0.9;
  std::uint32_t leg = 0;
  for (std::size_t i = 0; i < 5; ++i, ++leg) {
    x = heun(x, main[i], main[i + 1]);
    if (i + 1 != nearest) continue;
    const double low = main[nearest];
    for (int again = 0; again < 2; ++again) {
      x += std::sqrt(1.5 * 1.5 - low * low) * 1.1 * unit(++leg);
      std::vector<double> down;
      for (int k = 0; k < 4; ++k)
        down.push_back(std::pow(std::pow(1.5, 1. / 7) + k / 3. * (std::pow(low, 1. / 7) - std::pow(1.5, 1. / 7)), 7));
      for (std::size_t k = 0; k < 3; ++k, ++leg) x = heun(x, down[k], down[k + 1]);
    }
  }
  nf::restart with_more_noise = twice;
  with_more_noise.s_noise = 1.1;
  const ended mine = run(nf::heun{}, with_more_noise(nf::edm{}));
  CHECK(mine.x == Approx(x).epsilon(1e-12));
  CHECK(mine.how.evaluations == evaluations);
  CHECK(evaluations == 2 * 5 - 1 + 2 * 3 * 2);
  CHECK(mine.how.steps == 5 + 2 * (1 + 3));
}

TEST_CASE("RePaint goes through the published times") {
  for (const std::size_t n : {7u, 12u, 20u})
    for (const std::size_t length : {1u, 3u, 5u})
      for (const std::size_t times : {2u, 4u}) {
        // the published schedule of times, T - 1 ... 0 and -1 for the end, a way up as its single steps
        std::vector<long> published;
        const long all = static_cast<long>(n), jump = static_cast<long>(length);
        std::vector<std::size_t> left(n, 0);
        for (long t = 0; t < all - jump; t += jump) left[static_cast<std::size_t>(t)] = times - 1;
        long t = all;
        while (t >= 1) {
          published.push_back(--t);
          if (left[static_cast<std::size_t>(t)] == 0) continue;
          --left[static_cast<std::size_t>(t)];
          for (long k = 0; k < jump; ++k) published.push_back(++t);
        }
        published.push_back(-1);

        const nf::trajectory base = nf::karras{.steps = n, .sigma_max = 10}(nf::edm{});
        const nf::trajectory path = nf::re_paint{nf::karras{.steps = n, .sigma_max = 10}, length, times}(nf::edm{});
        const auto time_of = [&](const nf::noise_level& at) {
          for (std::size_t i = 0; i < n; ++i)
            if (base[i].from == at) return all - 1 - static_cast<long>(i);
          return -1L;
        };
        std::vector<long> mine{time_of(path.front())};
        for (std::size_t i = 0; i < path.steps(); ++i) {
          const long to = time_of(path[i].to);
          if (path.climbs(i))
            while (mine.back() + 1 < to) mine.push_back(mine.back() + 1);
          mine.push_back(to);
        }
        CHECK(mine == published);
      }
  CHECK(nf::re_paint{five, 5, 3}(nf::edm{}).kind() == nf::trajectory_kind::descending);
  CHECK(nf::re_paint{five, 1, 1}(nf::edm{}).steps() == 5);
}

TEST_CASE("time travel takes every step of a part several times") {
  const nf::trajectory base = five(nf::edm{});
  const double second = base[1].from.rho(), third = base[2].from.rho();
  const nf::trajectory path = nf::time_travel{five, 3, third, second}(nf::edm{});  // (third, second]: the second leg
  REQUIRE(path.steps() == 5 + 2 * 2);
  CHECK(path.kind() == nf::trajectory_kind::renoise);
  for (const std::size_t i : {1u, 3u, 5u}) CHECK((path[i].from == base[1].from && path[i].to == base[1].to));
  for (const std::size_t i : {2u, 4u}) {
    CHECK(path.climbs(i));
    CHECK((path[i].from == base[1].to && path[i].to == base[1].from));
  }
  CHECK(path[6].from == base[2].from);
  CHECK(nf::time_travel{five, 2}(nf::edm{}).steps() == 15);
  CHECK(nf::time_travel{five, 1}(nf::edm{}).kind() == nf::trajectory_kind::descending);
  CHECK(nf::time_travel{five, 4, 1e6, {}}(nf::edm{}).kind() == nf::trajectory_kind::descending);
  CHECK_THAT(message_of([&] { nf::time_travel{five, 300'000}(nf::edm{}); }), ContainsSubstring("up to 200000"));
}

TEST_CASE("a climb is the forward process from its level") {
  const std::vector<nf::noise_level> at{{2, 0.6, 0.8}, {1, 0.8, 0.6}, {3, 0.5, std::sqrt(0.75)}, {0, 1, 0}};
  for (const double factor : {1.0, 1.2}) {
    const nf::trajectory path{{{at[0], at[1]}, {.from = at[1], .to = at[2], .s_noise = factor}, {at[2], at[3]}},
                              nf::trajectory_kind::renoise};
    CHECK(path.climbs(1));
    CHECK_FALSE((path.climbs(0) || path.climbs(2)));
    auto model = network();
    nf::tensor<double> x({1, 1});
    const nf::sampler sample{nf::ddim{}, nf::vp_linear{}, path, nf::unguided{}, nf::predicts_x0{}};
    auto going = sample.start(nf::mutable_view<double>{x}, {}, known_noise{});
    nf::run_options<int> options;
    nf::step(going, model, options);
    const double before = x.data()[0];
    REQUIRE(going.next() != nullptr);
    const double carried = 0.5 / 0.8 * 0.6;
    CHECK(x.data()[0] == Approx(0.5 / 0.8 * before + factor * std::sqrt(0.75 - carried * carried) * unit(1)));
    CHECK(going.steps_done() == 2);
    CHECK(going.next() == going.next());
    nf::step(going, model, options);
    CHECK(going.done());
    CHECK(going.evaluations() == 2);
  }
}

TEST_CASE("after a climb every solver begins anew") {
  const nf::trajectory path = twice(nf::edm{});
  std::vector<std::vector<nf::leg>> ways;  // between climbs
  std::vector<nf::leg> climbs;
  ways.emplace_back();
  for (std::size_t i = 0; i < path.steps(); ++i) {
    if (path.climbs(i)) {
      climbs.push_back(path[i]);
      ways.emplace_back();
    } else {
      ways.back().push_back(path[i]);
    }
  }
  REQUIRE(climbs.size() == 2);
  const auto in_parts = [&](const auto& solver) {
    auto model = network();
    nf::tensor<double> x({1, 1});
    x.data()[0] = path.front().sigma * 0.9;
    std::uint32_t leg = 0;
    for (std::size_t k = 0; k < ways.size(); ++k) {
      const nf::trajectory way{ways[k], nf::trajectory_kind::descending};
      const nf::sampler sample{solver, nf::edm{}, way, nf::unguided{}, nf::predicts_x0{}};
      sample(model, x, {.start = nf::start_from::given});
      leg += static_cast<std::uint32_t>(way.steps());
      if (k == climbs.size()) break;
      x.data()[0] += std::sqrt(std::pow(climbs[k].to.sigma, 2) - std::pow(climbs[k].from.sigma, 2)) * unit(leg++);
    }
    return x.data()[0];
  };
  const auto check = [&](const char* name, const auto& solver) {
    CAPTURE(name);
    CHECK(run(solver, path).x == Approx(in_parts(solver)).epsilon(1e-12));
  };
  check("dpm_multistep", nf::dpm_multistep{.order = 3});
  check("unipc", nf::unipc{.lower_order_final = false});
  check("sa_solver", nf::sa_solver{.tau = 0, .lower_order_final = false});
  check("lms", nf::lms{});
  check("pndm", nf::pndm{});
  check("exponential_runge_kutta", nf::exponential_runge_kutta{});
}

TEST_CASE("climbs do not depend on how a run's passes are made") {
  const nf::trajectory path = twice(nf::edm{});
  const double plain = run(nf::dpm_multistep{}, path).x;
  const nf::threshold wide = nf::dynamic_threshold(1.0, 1e6);  // clamps nothing, but passes are built as the run goes
  CHECK(run(nf::dpm_multistep{}, path, wide).x == Approx(plain).epsilon(1e-12));
  CHECK(run(nf::dpm_multistep{}, path, nf::static_threshold(1e6)).x == Approx(plain).epsilon(1e-12));
  auto model = network();
  nf::tensor<double> x({1, 1});
  // A guidance that looks at the data: its passes are built as the run goes.
  const nf::sampler sample{nf::dpm_multistep{}, nf::edm{}, path, nf::rescale{.weight = 0, .phi = 0}, nf::predicts_x0{}};
  sample(model, nf::mutable_view<double>{x}, {}, known_noise{});
  CHECK(x.data()[0] == Approx(plain).epsilon(1e-12));
}

TEST_CASE("a run over climbs may be resumed after every step") {
  const nf::trajectory path = twice(nf::edm{});
  const nf::sampler sample{nf::unipc{}, nf::edm{}, path, nf::unguided{}, nf::predicts_x0{}};
  auto model = network();
  const nf::run_options<int> options;
  nf::tensor<double> whole({1, 1});
  sample(model, nf::mutable_view<double>{whole}, {}, known_noise{});
  for (std::size_t stop = 1; stop < path.steps(); ++stop) {
    nf::tensor<double> x({1, 1}), y({1, 1});
    auto first = sample.start(nf::mutable_view<double>{x}, {}, known_noise{});
    while (first.steps_done() < stop) nf::step(first, model, options);
    const auto saved = nf::save(first);
    auto second = sample.start(nf::mutable_view<double>{y}, {}, known_noise{});
    nf::load(second, saved);
    while (!second.done()) nf::step(second, model, options);
    CAPTURE(stop);
    CHECK(y.data()[0] == whole.data()[0]);
  }
}

TEST_CASE("a run over climbs ends early where it is asked to, and starts anew") {
  const nf::trajectory path = twice(nf::edm{});
  const nf::sampler sample{nf::heun{}, nf::edm{}, path, nf::unguided{}, nf::predicts_x0{}};
  auto model = network();
  const nf::run_options<int> options;
  for (std::size_t stop = 1; stop + 1 < path.steps(); ++stop) {
    nf::tensor<double> x({1, 1});
    auto going = sample.start(nf::mutable_view<double>{x}, {}, known_noise{});
    while (going.steps_done() < stop) nf::step(going, model, options);
    const double before = x.data()[0];
    const double sigma = path[going.steps_done()].from.sigma;
    going.finish_now();
    while (!going.done()) nf::step(going, model, options);
    CAPTURE(stop);
    CHECK(x.data()[0] == Approx(denoise(before, sigma)).epsilon(1e-12));
    going.restart();
    while (!going.done()) nf::step(going, model, options);
    CHECK(x.data()[0] == run(nf::heun{}, path).x);
  }
}

TEST_CASE("a known part is held at every level, climbs included") {
  const nf::trajectory path = nf::re_paint{five, 2, 3}(nf::edm{});
  const nf::sampler sample{nf::ddim{.eta = 1}, nf::edm{}, path, nf::unguided{}, nf::predicts_x0{}};
  auto model = network();
  nf::tensor<double> x({1, 2}), values({1, 2}), weights({1, 2});
  values.data()[0] = -0.4;
  weights.data()[0] = 1;
  auto going = sample.start(nf::mutable_view<double>{x}, {}, known_noise{});
  going.hold({values, weights});
  const nf::run_options<int> options;
  std::size_t climbs = 0;
  while (!going.done()) {
    const bool climbs_first = path.climbs(going.steps_done());
    REQUIRE(going.next() != nullptr);
    if (climbs_first) ++climbs;
    CHECK(x.data()[0] == Approx(-0.4 + path[going.steps_done()].from.sigma * 0.9).epsilon(1e-12));
    nf::step(going, model, options);
  }
  CHECK(climbs == 4);
  CHECK(x.data()[0] == -0.4);
  CHECK(x.data()[1] != 0);
}

TEST_CASE("the plan of a climb has a line and no evaluation") {
  const nf::sampler sample{nf::heun{}, nf::edm{}, twice, nf::unguided{}, nf::predicts_x0{}};
  const std::string table = nf::plan_table(sample);
  CHECK_THAT(table, ContainsSubstring("13 legs, 21 evaluations, 21 calls"));
}

TEST_CASE("what cannot climb is refused") {
  const std::vector<nf::noise_level> at{{2, 1, 2}, {1, 1, 1}, {3, 1, 3}};
  const nf::trajectory up_last{{{at[0], at[1]}, {at[1], at[2]}}, nf::trajectory_kind::renoise};
  const auto build = [&](const auto& solver, const nf::trajectory& path) {
    return message_of([&] { nf::sampler{solver, nf::edm{}, path, nf::unguided{}, nf::predicts_x0{}}; });
  };
  CHECK_THAT(build(nf::ddim{}, up_last), ContainsSubstring("the last leg: climbs"));
  CHECK_THAT(build(nf::dpm_adaptive{},
                   nf::trajectory{{{at[2], at[1]}, {at[1], at[0]}, {at[0], at[1]}}, nf::trajectory_kind::renoise}),
             ContainsSubstring("a trajectory that climbs"));
  for (const nf::restart_interval wrong : {nf::restart_interval{.sigma_min = 1, .sigma_max = 0.5},
                                           {.sigma_min = 0.1, .sigma_max = 0.5, .steps = 0},
                                           {.sigma_min = 0.1, .sigma_max = 0.5, .steps = 1, .times = 0},
                                           {.sigma_min = -1, .sigma_max = 0.5}})
    CHECK_THROWS_AS((nf::restart{five, {wrong}}(nf::edm{})), nf::error);
  CHECK_THAT(message_of([&] {
               nf::restart{five, {{.sigma_min = 0.1, .sigma_max = 0.5, .steps = 5000, .times = 5000}}}(nf::edm{});
             }),
             ContainsSubstring("1000000 legs at most"));
  CHECK_THAT(message_of([&] { nf::re_paint{five, 1, 300'000}(nf::edm{}); }), ContainsSubstring("up to 200000"));
  CHECK_THROWS_AS((nf::re_paint{five, 0, 2}(nf::edm{})), nf::error);
  CHECK_THROWS_AS((nf::re_paint{five, 2, 0}(nf::edm{})), nf::error);
  // the nearest level lies above the interval's end
  CHECK_THAT(message_of([&] {
               nf::restart{five, {{.sigma_min = 3, .sigma_max = 3.01}}}(nf::edm{});
             }),
             ContainsSubstring("a sigma_max above it"));
}
