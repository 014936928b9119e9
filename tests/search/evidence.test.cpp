// What a measurement finds, against closed forms, and how it goes on after an interruption.
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <noisefall/guidance/apg.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/models/gaussian.hpp>
#include <noisefall/parameterisation/v.hpp>
#include <noisefall/parameterisation/x0.hpp>
#include <noisefall/random/normals.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/search/measure_errors.hpp>

#include "catch.hpp"
#include "message_of.hpp"

using namespace noisefall;
using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

constexpr std::size_t d = 4;
const std::vector<double> variances{1.0, 0.5, 0.1, 0.02};

// Samples of N(mean, diag(variances)).
tensor<double> draw(std::size_t n, double mean = 0) {
  tensor<double> x{{n, d}};
  normals(normal_stream{77, 0, 0, d}, 0, x.size(), x.data());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t e = 0; e < d; ++e) x[i * d + e] = mean + std::sqrt(variances[e]) * x[i * d + e];
  return x;
}
data_directions elements() {
  data_directions of;
  of.groups.clear();
  for (const double v : variances) of.groups.push_back({v, 1});
  return of;
}
gaussian exact(network_output gives = network_output::eps) {
  return gaussian{{{.variance = variances}, {.mean = {0.5}, .variance = {0.3}}}, gives};
}

// The exact predictor plus bias and a multiple of the state, both known.
struct wrong {
  using condition = std::size_t;
  double bias = 0, slope = 0;
  gaussian inside = exact();
  void predict(view<double> x, const evaluation& at, std::size_t law, mutable_view<double> out) {
    inside.predict<double>(x, at, law, out);
    const double size = 1 + static_cast<double>(law);
    for (std::size_t k = 0; k < out.size(); ++k) out[k] += size * (bias + slope * x[k]);
  }
};

}  // namespace

TEST_CASE("a perfect predictor has the Bayes part along every direction, and no excess") {
  gaussian model = exact(), reference = exact();
  const tensor<double> data = draw(4000);
  const error_table table =
      measure_excess(model, reference, view<double>{data}, edm{},
                     {.settings = {.levels = 9, .sigma_min = 0.02, .sigma_max = 20}, .directions = elements()});
  REQUIRE(table.levels.size() == 9);
  CHECK(table.samples == 4000);
  CHECK(table.knows_excess());
  CHECK(table.levels.front().sigma == 0.02);
  CHECK(table.levels.back().sigma == 20);
  for (const level_errors& l : table.levels) {
    CAPTURE(l.sigma);
    double whole = 0;
    for (std::size_t e = 0; e < d; ++e) {
      const double v = variances[e], bayes = v / (v + l.sigma * l.sigma);
      whole += bayes / d;
      CHECK_THAT(l.total_along[e], WithinRel(bayes, 5 * std::sqrt(2. / 4000)));
      CHECK(l.excess_along[e] == 0);
    }
    CHECK_THAT(l.total, WithinAbs(whole, 4.5 * l.total_deviation));
    CHECK(l.total_deviation > 0);
    CHECK(l.total_deviation < 0.05 * l.total);
    CHECK(l.excess == 0);
    CHECK_THAT(l.mean, WithinAbs(0, 1e-15));
  }
}

TEST_CASE("the excess of a wrong predictor is what was put into it, its correlation between levels too") {
  wrong model{.bias = 0.1, .slope = 0.05};
  gaussian reference = exact();
  const tensor<double> data = draw(3000);
  const error_table table =
      measure_excess(model, reference, view<double>{data}, edm{},
                     {.settings = {.levels = 5, .sigma_min = 0.05, .sigma_max = 5}, .directions = elements()});
  for (const level_errors& l : table.levels) {
    double whole = 0;
    for (std::size_t e = 0; e < d; ++e) {
      const double wanted = 0.01 + 0.0025 * (variances[e] + l.sigma * l.sigma);
      CHECK_THAT(l.excess_along[e], WithinRel(wanted, 0.08));
      whole += wanted / d;
    }
    CHECK_THAT(l.excess, WithinAbs(whole, 5 * l.excess_deviation));
    CHECK_THAT(l.mean, WithinAbs(0.1, 0.02));
  }
  // <e_i, e_j> = bias^2 + slope^2 (mean variance + s_i s_j)
  const double v = (variances[0] + variances[1] + variances[2] + variances[3]) / 4;
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 5; ++j) {
      const double si = table.levels[i].sigma, sj = table.levels[j].sigma;
      const auto product = [v](double a, double b) { return 0.01 + 0.0025 * (v + a * b); };
      CHECK_THAT(table.correlation[i * 5 + j],
                 WithinAbs(product(si, sj) / std::sqrt(product(si, si) * product(sj, sj)), 0.03));
    }
}

TEST_CASE("whatever the network predicts, and in whatever schedule, the errors are those of eps") {
  const tensor<double> data = draw(200);
  const auto table_of = [&](network_output gives, const any_parameterisation& meaning, const any_schedule& schedule) {
    gaussian model = exact(gives);
    return measure_errors(model, view<double>{data}, schedule,
                          {.settings = {.levels = 4, .sigma_min = 0.1, .sigma_max = 4, .parameterisation = meaning}});
  };
  const error_table by_eps = table_of(network_output::eps, predicts_eps{}, edm{});
  for (const error_table& other :
       {table_of(network_output::x0, predicts_x0{}, edm{}), table_of(network_output::v, predicts_v{}, vp_linear{})})
    for (std::size_t i = 0; i < 4; ++i) CHECK_THAT(other.levels[i].total, WithinRel(by_eps.levels[i].total, 1e-9));
  CHECK_FALSE(by_eps.knows_excess());
  CHECK(std::isnan(by_eps.levels[0].excess));
}

TEST_CASE("a guided predictor's error has its cross term, and other scales follow from what was measured") {
  const tensor<double> data = draw(300);
  const auto table_at = [&](double scale) {
    wrong model{.bias = 0.1, .slope = 0.05};
    gaussian reference = exact();
    return measure_excess(
        model, reference, view<double>{data}, edm{},
        {.settings = {.levels = 3, .sigma_min = 0.2, .sigma_max = 2, .guidance = guidance_scale(scale)}},
        {.conditional = 0, .unconditional = 1});
  };
  const error_table guided = table_at(3), more = table_at(5);
  CHECK(guided.branches == 2);
  for (std::size_t i = 0; i < 3; ++i) {
    const level_errors& l = guided.levels[i];
    // V = (1-s)^2 V_u + s^2 V_c + 2 s (1-s) C_uc
    const double vc = l.branch_excess[0], cross = l.branch_excess[1], vu = l.branch_excess[3];
    CHECK(cross > 0);
    CHECK_THAT(l.excess, WithinRel(4 * vu + 9 * vc - 12 * cross, 1e-10));
    CHECK_THAT(more.levels[i].excess, WithinRel(error_table::under_weights(l.branch_excess, {5, -4}), 1e-10));
    CHECK_THAT(more.levels[i].total, WithinRel(error_table::under_weights(l.branch_total, {5, -4}), 1e-10));
    // here e_u = 2 e_c: at s = 3 the guided error is -e_c, which the sum of variances alone would make 25 times e_c's
    CHECK_THAT(l.excess, WithinRel(vc, 1e-10));
  }
}

TEST_CASE("principal axes are found, and the rest is one direction more") {
  tensor<double> turned = draw(2000);
  for (std::size_t i = 0; i < 2000; ++i) {  // by 45 degrees in the first and the last element
    const double a = turned[i * d], b = turned[i * d + 3];
    turned[i * d] = (a + b) / std::sqrt(2);
    turned[i * d + 3] = (a - b) / std::sqrt(2);
  }
  const data_directions all = principal_directions(view<double>{turned}, d),
                        two = principal_directions(view<double>{turned}, 2);
  REQUIRE(all.groups.size() == d);
  for (std::size_t e = 0; e < d; ++e) CHECK_THAT(all.groups[e].variance, WithinRel(variances[e], 0.12));
  CHECK_THAT(std::abs(all.axes(0, 0) * all.axes(3, 0)), WithinAbs(0.5, 0.02));
  REQUIRE(two.groups.size() == 3);
  CHECK(two.groups[2].multiplicity == 2);
  CHECK_THAT(two.groups[2].variance, WithinRel((all.groups[2].variance + all.groups[3].variance) / 2, 1e-9));
  // fewer samples than elements, by products of samples: of unit variance along every axis, which those that fit the
  // samples have much more of, and the rest next to none
  tensor<double> few{{60, 400}};
  normals(normal_stream{5, 0, 0, 400}, 0, few.size(), few.data());
  const data_directions wide = principal_directions(view<double>{few}, 20);
  REQUIRE(wide.groups.size() == 21);
  CHECK(wide.groups[20].multiplicity == 380);
  CHECK_THAT(wide.groups[20].variance, WithinRel(1.0, 0.05));
  double mean = 0;
  for (std::size_t k = 0; k < 20; ++k) mean += wide.groups[k].variance / 20;
  CHECK_THAT(mean, WithinRel(1.0, 0.2));
  // an error's square along axes and rest is all of it
  gaussian model{{{.variance = {0.4}}}};
  const error_table table =
      measure_errors(model, view<double>{turned}, edm{},
                     {.settings = {.levels = 2, .sigma_min = 0.2, .sigma_max = 2}, .directions = two});
  const level_errors& l = table.levels[0];
  CHECK_THAT((l.total_along[0] + l.total_along[1] + 2 * l.total_along[2]) / 4, WithinRel(l.total, 1e-10));
}

TEST_CASE("a measurement that was interrupted goes on from its sums, with the bits of one that was not") {
  const tensor<double> data = draw(130);
  wrong model{.bias = 0.1};
  gaussian reference = exact();
  measured_sums whole, part;
  std::size_t told = 0;
  const auto options = [&](measured_sums& to, std::size_t most) {
    return measurement_options{.settings = {.levels = 3, .sigma_min = 0.1, .sigma_max = 3},
                               .directions = elements(),
                               .batch = 32,
                               .gathered = &to,
                               .progress = [&, most](const measurement_progress& p) {
                                 told = p.samples;
                                 CHECK(p.of == 130);
                                 return p.samples < most;
                               }};
  };
  measure_excess(model, reference, view<double>{data}, edm{}, options(whole, 1000));
  CHECK(told == 130);
  measure_excess(model, reference, view<double>{data}, edm{}, options(part, 64));
  CHECK(told == 64);
  CHECK(part.samples == 64);
  measure_excess(model, reference, view<double>{data}, edm{}, options(part, 1000));
  CHECK(part == whole);
}

TEST_CASE("a table answers at its rows exactly, between them smoothly, and never beyond them") {
  error_table table = tabulate_errors(
      0.1, 10, 5, {{1, 3}, {0.25, 1}}, [](double v, double s) { return v / (v + s * s); },
      [](double, double s) { return 0.02 / (1 + s * s); });
  for (const level_errors& l : table.levels) {
    CHECK(table.total(l.sigma) == l.total);
    CHECK(table.excess(l.sigma) == l.excess);
  }
  CHECK_THAT(table.excess(std::sqrt(0.1)), WithinRel(table.levels[1].excess, 1e-12));
  const double middle = table.excess(0.2);
  CHECK(middle < table.levels[0].excess);
  CHECK(middle > table.levels[1].excess);
  const std::string message = message_of([&] { static_cast<void>(table.total(12)); });
  CHECK_THAT(message, Contains("12.0") && Contains("0.100000 to 10.0") && Contains("nothing is extrapolated"));
  CHECK_THAT(message_of([&] { static_cast<void>(table.total(0.05)); }), Contains("nothing is extrapolated"));
  // at infinite noise it answers where its last row is within a hundredth of the limit, or where it is told to
  CHECK(table.place(std::numeric_limits<double>::infinity()).to_x0 == 100);
  error_table narrow = table;
  narrow.directions.front().variance = 1.02;
  CHECK_FALSE(narrow.covers(std::numeric_limits<double>::infinity()));
  CHECK_THAT(message_of([&] { static_cast<void>(narrow.total(std::numeric_limits<double>::infinity())); }),
             Contains("infinite noise") && Contains("up to sigma / alpha = 10.04") && Contains("holds_beyond = true"));
  narrow.holds_beyond = true;
  CHECK(narrow.covers(std::numeric_limits<double>::infinity()));
  table.holds_beyond = true;
  CHECK(table.place(std::numeric_limits<double>::infinity()).to_x0 == 100);
  // an unknown excess is no less than what no perfect predictor could have
  for (level_errors& l : table.levels) {
    l.excess = std::numeric_limits<double>::quiet_NaN();
    l.excess_along.clear();
    l.total_along = {1 / (1 + l.sigma * l.sigma) + 0.03, 0.01};
  }
  table.check();
  CHECK_THAT(table.excess_along(0, table.place(1)), WithinRel(0.03, 1e-10));
  CHECK(table.excess_along(1, table.place(0.1)) == 0);
  CHECK_THAT(table.bayes_along(0, table.place(1)), WithinRel(0.5, 1e-10));
}

TEST_CASE("what cannot be measured is refused in words") {
  const tensor<double> data = draw(10);
  gaussian model = exact();
  const auto refused = [&](const measurement_options& options, const any_schedule& schedule = edm{}) {
    return message_of([&] { measure_errors(model, view<double>{data}, schedule, options); });
  };
  CHECK_THAT(refused({.settings = {.levels = 1}}), Contains("1 levels; allowed: two levels or more"));
  CHECK_THAT(refused({}, rectified_flow{}), Contains("state them where the schedule reaches"));
  CHECK_THAT(refused({.settings = {.guidance = apg{}}}), Contains("looks at the data"));
  CHECK_THAT(refused({.directions = data_directions{{{1, 1}, {1, 1}}, {}}}), Contains("2 groups for samples of 4"));
  CHECK_THAT(message_of([&] {
               tensor<double> one{{1, d}};
               measure_errors(model, view<double>{one}, edm{});
             }),
             Contains("1 samples; allowed: two samples or more"));
  CHECK_THAT(message_of([&] {
               tensor<double> two{{2, d}};
               measure_errors(model, view<double>{two}, edm{});
             }),
             Contains("2 samples of 4 elements; allowed: four samples or more"));
  struct broken {
    using condition = std::size_t;
    void predict(view<double>, const evaluation&, std::size_t, mutable_view<double>) {}
  } silent;
  CHECK_THAT(message_of([&] { measure_errors(silent, view<double>{data}, edm{}); }),
             Contains("finite outputs, every element written"));
  error_table table = tabulate_errors(
      0.1, 10, 3, {{}}, [](double, double) { return 1.0; }, [](double, double) { return 0.0; });
  table.levels.resize(1);
  CHECK_THAT(message_of([&] { table.check(); }), Contains("1 levels; allowed: two levels or more"));
}
