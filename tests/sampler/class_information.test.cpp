// The budget meter on two classes with exact scores: N(1, 1/4) of an equal mixture with N(-1, 1/4). The numbers come
// from an independent program.
#include <cmath>
#include <cstddef>
#include <vector>

#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/sampler/class_information.hpp>
#include <noisefall/sampler/sampler.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/solver/dpm_adaptive.hpp>
#include <noisefall/solver/heun.hpp>
#include <noisefall/trajectory/lists.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;

namespace {

const nf::edm schedule{};
constexpr double information = 0.6327201937;  // I(C; X)

struct two_classes {
  using condition = bool;  // of the class, or of all
  void predict(nf::view<double> x, const nf::evaluation& at, const bool& of_class, nf::mutable_view<double> out) const {
    const double s = at.level(0).sigma, v = 0.25 + s * s;
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = s * (x[i] - (of_class ? 1 : std::tanh(x[i] / v))) / v;
  }
};
const nf::run_options<bool> guided{.start = nf::start_from::given, .conditional = true, .unconditional = false};

// Down from 80, even in log sigma, and then 0.
nf::trajectory path(std::size_t steps) {
  std::vector<double> sigmas;
  for (std::size_t i = 0; i <= steps; ++i)
    sigmas.push_back(80 * std::pow(0.002 / 80, static_cast<double>(i) / static_cast<double>(steps)));
  sigmas.push_back(0);
  return nf::trajectory{nf::levels_from_sigmas(schedule, sigmas)};
}
nf::sampler under(const nf::weight_schedule& w, std::size_t steps = 200) {
  return {nf::heun{}, schedule, path(steps), nf::classifier_free{.weight = w}};
}

// The quantile of the standard normal, by bisection.
double normal_quantile(double p) {
  double low = -9, high = 9;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
  }
  return (low + high) / 2;
}
// N(mean, variance) without chance; N(0, 80^2) is what sampling starts from, N(1, 80^2 + 1/4) the noisy class.
nf::tensor<double> even_states(std::size_t n = 4000, double mean = 0, double variance = 6400) {
  nf::tensor<double> x({n, 1});
  for (std::size_t i = 0; i < n; ++i)
    x[i] = mean + std::sqrt(variance) * normal_quantile((static_cast<double>(i) + 0.5) / static_cast<double>(n));
  return x;
}

double posterior(const nf::tensor<double>& x) {
  double mean = 0;
  for (const double v : x.elements()) mean += 1 / (1 + std::exp(-8 * v)) / static_cast<double>(x.size());
  return mean;
}
const auto measure = [](const nf::weight_schedule& w) {
  nf::tensor<double> x = even_states();
  two_classes model;
  under(w)(model, x, guided);
  return nf::class_measure{nf::spread_of(nf::view<double>{x}), posterior(x)};
};

const nf::class_information& measured() {
  static const nf::class_information by = [] {
    nf::tensor<double> x = even_states(4000, 1, 6400.25);
    two_classes model;
    return nf::measure_class_information(under(3), model, x, guided);
  }();
  return by;
}

}  // namespace

TEST_CASE("An unguided pilot run measures the information of the class") {
  CHECK(measured().total() == Approx(information).epsilon(5e-4));
  CHECK(measured().at(1e9) == 0);
  CHECK(measured().at(0) == measured().total());
  CHECK(measured().at(measured().level_of(0.3)) == Approx(0.3).epsilon(1e-9));
  // Of thirty steps, as one would pay for: what is off is the law that so few steps lead through.
  nf::tensor<double> x = even_states(500, 1, 6400.25);
  two_classes model;
  CHECK(nf::measure_class_information(under(0, 30), model, x, guided).total() == Approx(information).epsilon(0.02));
}

TEST_CASE("Thirty intervals of the exact rates hold the information to four digits") {
  std::vector<nf::class_information::rate> rates;
  for (int i = 0; i <= 30; ++i) {
    const double s = 80 * std::pow(0.01 / 80, i / 30.0), v = 0.25 + s * s;
    double rate = 0, weight = 0;
    for (int k = -1000; k <= 1000; ++k) {
      const double z = k / 100.0, density = std::exp(-z * z / 2), x = 1 + std::sqrt(v) * z;
      rate += density * std::pow(s / v * (1 - std::tanh(x / v)), 2);
      weight += density;
    }
    rates.push_back({s, rate / weight});
  }
  CHECK(nf::class_information{rates}.total() == Approx(0.632583).margin(1e-6));
}

TEST_CASE("A schedule burns its weight times the information, and a window of the information rule nothing") {
  const nf::class_information& by = measured();
  CHECK(by.burnt_by(2) == Approx(2 * by.total()));
  CHECK(by.burnt_by(-1) == Approx(-by.total()));
  for (const auto& [w1, sigma1] : {std::pair{1.0, 0.92021282}, std::pair{2.0, 1.27969787}}) {
    const nf::weight_schedule window = by.window(w1, 1);
    CHECK(window.jumps()[0].at == Approx(sigma1).epsilon(2e-3));
    CHECK(by.burnt_by(window) == Approx(0).margin(1e-6));
  }
  const double half = by.level_of(by.total() / 2);
  CHECK(by.burnt_by(nf::weight_schedule::interval(3, half, 1e9)) == Approx(1.5 * by.total()));
  CHECK(by.burnt_by(nf::weight_schedule::ramp(2, 1e3, 0, 1e-3)) > 0);
}

TEST_CASE("What classes cannot carry is cut off below") {
  const nf::class_information& all = measured();
  const nf::class_information some = all.at_most(0.3);
  CHECK(some.total() == Approx(0.3).epsilon(1e-6));
  CHECK(some.rates().back().sigma == Approx(all.rates().back().sigma));
  for (const double nats : {0.01, 0.1, 0.29}) CHECK(some.level_of(nats) == Approx(all.level_of(nats)).epsilon(1e-6));
  CHECK(some.at(0.9 * all.level_of(0.3)) == Approx(0.3).epsilon(1e-6));
  CHECK(some.window(1, 0.5).jumps()[0].at == Approx(all.level_of(0.1)).epsilon(1e-6));
  CHECK(all.at_most(1).total() == all.total());
  CHECK_THROWS_WITH(all.at_most(-1), ContainsSubstring("class_information: at_most: -1"));
}

TEST_CASE("The two classes under weights and windows have their known moments") {
  struct row {
    nf::weight_schedule w;
    double mean, variance, posterior;
  };
  for (const auto& [w, mean, variance, of_class] :
       {row{-0.5, 0.63513277, 0.57446859, 0.77119529}, row{0, 0.99375012, 0.24999023, 0.96483717},
        row{1, 1.31561505, 0.12835515, 0.99962531}, row{2, 1.51324199, 0.09795346, 0.99995871},
        row{4, 1.79726452, 0.07395842, 0.99999724},
        row{nf::weight_schedule::window(1, 1, 0.92021282), 1.25295280, 0.20335264, 0.98420169},
        row{nf::weight_schedule::window(2, 1, 1.27969787), 1.42613732, 0.16633208, 0.99427710},
        row{nf::weight_schedule::window(1, 1, 1.04319767), 1.21877829, 0.25, 0.97156499},
        row{nf::weight_schedule::window(1, 1, 1.14576182), 1.18583746, 0.29616479, 0.95858469},
        row{nf::weight_schedule::window(2, 1, 1.56758602), 1.34750929, 0.25, 0.97769095},
        row{nf::weight_schedule::window(4, 1, 2.44255932), 1.50933710, 0.25, 0.98454933},
        row{nf::weight_schedule::window(7, 1, 3.57771877), 1.65743994, 0.25, 0.98956098}}) {
    nf::tensor<double> x = even_states();
    two_classes model;
    under(w)(model, x, guided);
    double got = 0;
    for (const double v : x.elements()) got += v / static_cast<double>(x.size());
    CHECK(got == Approx(mean).epsilon(1e-3));
    CHECK(nf::spread_of(nf::view<double>{x}) == Approx(variance).epsilon(5e-3));
    CHECK(posterior(x) == Approx(of_class).margin(1e-3));
  }
}

TEST_CASE("A window is refined to the spread of the class") {
  for (const auto& [w1, sigma1] : {std::pair{1.0, 1.04319767}, std::pair{2.0, 1.56758602}}) {
    const nf::refined_window found = nf::refine_window(measured(), w1, 1, 0.25, measure);
    CHECK(found.sigma1 == Approx(sigma1).epsilon(0.01));
    CHECK(found.weight == nf::weight_schedule::window(w1, 1, found.sigma1));
    CHECK(found.measured.spread == Approx(0.25).epsilon(0.01));
    CHECK(found.measured.accuracy > 0.96);
    CHECK(found.reaches_target);
    CHECK_FALSE(found.loses_class);
    CHECK_FALSE(found.nothing_to_refund);
  }
}

TEST_CASE("A tail that would lose the class is stopped before it, and said") {
  // A spread that no class of these has: the way to it is the other class.
  const nf::refined_window lost = nf::refine_window(measured(), 1, 1, 0.6, measure, 0.95);
  CHECK(lost.loses_class);
  CHECK_FALSE(lost.reaches_target);
  CHECK(lost.measured.accuracy >= 0.95);
  // The same by the spread alone, which jumps over the target.
  const nf::refined_window jumped = nf::refine_window(measured(), 1, 1, 1.5, [](const nf::weight_schedule& w) {
    return nf::class_measure{w.jumps()[0].at < 1.3 ? 0.9 : 2.2, 1};
  });
  CHECK(jumped.loses_class);
  CHECK(jumped.sigma1 == Approx(1.3).epsilon(2e-3));
  CHECK(jumped.measured.spread == 0.9);
}

TEST_CASE("A tail below the last information is said to do nothing") {
  CHECK(measured().is_spent_at(0.01));
  CHECK_FALSE(measured().is_spent_at(1));
  const nf::refined_window idle = nf::refine_window(measured(), 1, 1, 0.1, [](const nf::weight_schedule& w) {
    return nf::class_measure{w.jumps()[0].at < 0.01 ? 0.1 : 0.2, 1};
  });
  CHECK(idle.nothing_to_refund);
}

TEST_CASE("Windows are refined by sampling with a sampler and a judge") {
  two_classes model;
  const nf::tensor<double> like = even_states(1000);
  const auto judge = [](nf::view<double> x) {
    double of_class = 0;
    for (std::size_t i = 0; i < x.size(); ++i) of_class += x[i] > 0 ? 1 : 0;
    return of_class / static_cast<double>(x.size());
  };
  const nf::refined_window found =
      nf::refine_window<two_classes, double>(measured(), 1, 1, 0.25, under(0, 60), model, like, guided, judge);
  CHECK(found.sigma1 == Approx(1.04319767).epsilon(0.03));
  CHECK(found.measured.accuracy > 0.95);
}

TEST_CASE("The budget meter refuses what it cannot measure") {
  CHECK_THROWS_WITH((nf::class_information{{{1, 0.5}}}), ContainsSubstring("two levels or more"));
  CHECK_THROWS_WITH((nf::class_information{{{1, 0.5}, {2, 0.5}}}), ContainsSubstring("falling order"));
  CHECK_THROWS_WITH((nf::class_information{{{2, 0.5}, {1, -1}}}), ContainsSubstring("0 or more"));
  CHECK_THROWS_WITH((nf::class_information{{{2, 0}, {1, 0}}}.window(1)), ContainsSubstring("no class information"));
  CHECK_THROWS_WITH(measured().window(1, 0), ContainsSubstring("above 0"));
  CHECK_THROWS_WITH(measured().level_of(9), ContainsSubstring("nats"));
  nf::tensor<double> x({2, 1});
  two_classes model;
  const nf::sampler adaptive{nf::dpm_adaptive{}, schedule,
                             nf::trajectory{nf::levels_from_sigmas(schedule, std::vector{80.0, 0.01})}};
  CHECK_THROWS_WITH(nf::measure_class_information(adaptive, model, x, guided), ContainsSubstring("own steps"));
}
