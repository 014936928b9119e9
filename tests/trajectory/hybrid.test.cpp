// Spacings made of others: two joined at a level, whole labels, one level fewer.
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/schedule/linear.hpp>
#include <noisefall/schedule/scaled_linear.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/trajectory/flow_uniform.hpp>
#include <noisefall/trajectory/hybrid.hpp>
#include <noisefall/trajectory/inversion.hpp>
#include <noisefall/trajectory/karras.hpp>
#include <noisefall/trajectory/lists.hpp>
#include <noisefall/trajectory/time_uniform.hpp>
#include <noisefall/trajectory/trailing.hpp>
#include <noisefall/trajectory/uniform_lambda.hpp>
#include <noisefall/trajectory/whole_labels.hpp>
#include <noisefall/trajectory/without_penultimate.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

constexpr auto to_level = nf::final_level::sigma_min;
using rule = std::function<nf::trajectory(const nf::any_schedule&)>;

std::vector<double> sigmas_of(const nf::trajectory& t) {
  std::vector<double> found;
  for (const nf::leg& l : t.legs()) found.push_back(l.from.rho());
  found.push_back(t.back().rho());
  return found;
}

}  // namespace

TEST_CASE("rules that go by the schedule's ends spend all their steps on their own side of the level") {
  const nf::edm schedule{.sigma_min = 0.1, .sigma_max = 10};
  const nf::trajectory t =
      nf::hybrid{nf::karras{.steps = 3, .rho = 3, .end = to_level}, nf::uniform_lambda{.steps = 4}, 2.0}(schedule);
  std::vector<double> expected;
  for (int i = 0; i < 3; ++i) expected.push_back(std::pow(std::cbrt(10) + i / 3.0 * (std::cbrt(2) - std::cbrt(10)), 3));
  for (int i = 0; i <= 4; ++i) expected.push_back(2 * std::pow(0.05, i / 4.0));
  const std::vector<double> found = sigmas_of(t);
  REQUIRE(found.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) CHECK_THAT(found[i], WithinRel(expected[i], 1e-13));
  CHECK(t[2].to == nf::noise_level{2, 1, 2});
  CHECK(t[3].from == t[2].to);
  CHECK(t.front() == schedule.at(10));
  CHECK(t.back() == schedule.at(0.1));
}

TEST_CASE("a rule that ends in clean data loses that leg above the level") {
  const nf::trajectory t =
      nf::hybrid{nf::karras{.steps = 3}, nf::karras{.steps = 2}, 1.0}(nf::edm{.sigma_min = 0.1, .sigma_max = 10});
  REQUIRE(t.steps() == 4);
  CHECK(sigmas_of(t)[2] == 1);
  CHECK(t.back() == nf::noise_level{0, 1, 0});
}

TEST_CASE("rules with places of their own keep those on their side, and their labels") {
  const nf::linear table{};
  nf::hybrid<nf::trailing, nf::trailing> both{nf::trailing{.steps = 5}, nf::trailing{.steps = 20}};
  both.time = 450;
  const nf::trajectory t = both(table);
  std::vector<double> labels;
  for (const nf::leg& l : t.legs()) labels.push_back(l.label);
  REQUIRE(labels.size() == 13);
  CHECK(std::vector<double>(labels.begin(), labels.begin() + 3) == std::vector<double>{999, 799, 599});
  CHECK(std::isnan(labels[3]));
  CHECK(t[3].from == table.at(450));
  CHECK(t[3].to == table.at(449));
  CHECK(std::vector<double>(labels.begin() + 4, labels.end()) ==
        std::vector<double>{449, 399, 349, 299, 249, 199, 149, 99, 49});
  both.time = 449;  // an index of the fine rule: visited once, with its label
  const nf::trajectory met = both(table);
  REQUIRE(met.steps() == 12);
  CHECK(met[3].from == table.at(449));
  CHECK(met[3].label == 449);
}

TEST_CASE("the level is visited once by any two rules, and levels fall strictly") {
  const std::vector<std::pair<std::string, rule>> rules{
      {"karras", nf::karras{.steps = 6}},
      {"karras to the level", nf::karras{.steps = 6, .end = to_level}},
      {"uniform_lambda", nf::uniform_lambda{.steps = 5}},
      {"time_uniform", nf::time_uniform{.steps = 7}},
      {"trailing", nf::trailing{.steps = 9}},
      {"flow_uniform", nf::flow_uniform{.steps = 8, .shift = 3, .first = 0.97}},
      {"sigma_list", nf::sigma_list{{12, 3, 1, 0.4, 0}}}};
  const nf::any_schedule schedule = nf::scaled_linear{};
  for (const double sigma : {0.31, 1.0, 2.7})
    for (const auto& [above, coarse] : rules)
      for (const auto& [below, fine] : rules) {
        INFO(above << " until " << sigma << ", then " << below);
        const nf::trajectory t = nf::hybrid<rule, rule>{coarse, fine, sigma}(schedule);  // checked to fall
        std::size_t met = 0;
        for (const nf::leg& l : t.legs()) met += std::abs(l.from.rho() / sigma - 1) < 1e-9 ? 1 : 0;
        CHECK(met == 1);
        CHECK(t.kind() == nf::trajectory_kind::descending);
      }
}

TEST_CASE("a hybrid of hybrids has three parts") {
  const nf::hybrid inner{nf::karras{.steps = 2, .end = to_level}, nf::karras{.steps = 4}, 0.5};
  const nf::hybrid outer{nf::karras{.steps = 3, .end = to_level}, inner, 4.0};
  const nf::trajectory t = outer(nf::edm{});
  REQUIRE(t.steps() == 9);
  CHECK(sigmas_of(t)[3] == 4);
  CHECK(sigmas_of(t)[5] == 0.5);
  CHECK_THROWS_WITH((nf::hybrid{nf::karras{.steps = 3, .end = to_level}, inner, 0.4}(nf::edm{})),
                    ContainsSubstring("hybrid: sigma: 0.500000; allowed: between"));
}

TEST_CASE("a rule that stops short of the level goes on to it") {
  const nf::trajectory t = nf::hybrid{nf::sigma_list{{9, 5}}, nf::sigma_list{{0.5, 0.0}}, 2.0}(nf::edm{});
  CHECK(sigmas_of(t) == std::vector<double>{9, 2, 0.5, 0});
}

TEST_CASE("a level beyond the schedule or the rules, and two levels or none, are refused") {
  const nf::hybrid joined{nf::karras{.steps = 3}, nf::karras{.steps = 3}, 100.0};
  CHECK_THROWS_MATCHES(joined(nf::edm{}), nf::error,
                       Message("hybrid: sigma: 100.000000; allowed: between 0.002000 and 80.000000, without the ends"));
  auto two = joined, none = joined;
  two.time = 1;
  none.sigma.reset();
  CHECK_THROWS_MATCHES(two.check(), nf::error,
                       Message("hybrid: time: given beside sigma; allowed: one of sigma and time"));
  CHECK_THROWS_MATCHES(none.check(), nf::error,
                       Message("hybrid: sigma: neither it nor time is given; allowed: one of sigma and time"));
  CHECK_THROWS_MATCHES((nf::hybrid{nf::sigma_list{{1, 0.5}}, nf::karras{.steps = 3}, 2.0}(nf::edm{})), nf::error,
                       Message("joined: a coarse part from sigma 1.000000; allowed: above the level, 2.000000"));
  CHECK_THROWS_MATCHES((nf::hybrid{nf::karras{.steps = 3}, nf::sigma_list{{9, 3}}, 2.0}(nf::edm{})), nf::error,
                       Message("joined: a fine part to sigma 3.000000; allowed: below the level, 2.000000"));
  CHECK_THROWS_AS((nf::hybrid{nf::karras{}, nf::karras{.steps = 3}, 2.0}(nf::edm{})), nf::error);
  const nf::trajectory down = nf::karras{.steps = 3}(nf::edm{});
  CHECK_THROWS_AS(nf::joined(nf::inversion(down), down, nf::edm{}.at(2)), nf::error);
}

TEST_CASE("a hybrid may start at pure noise") {
  const nf::trajectory t =
      nf::hybrid{nf::flow_uniform{.steps = 10}, nf::flow_uniform{.steps = 40}, 1.0}(nf::rectified_flow{});
  CHECK(t.front() == nf::noise_level{1, 0, 1});
  CHECK(t.steps() == 25);  // 5 down to 0.5, 20 from there
  CHECK_THAT(t[5].from.sigma, WithinAbs(0.5, 1e-15));
}

TEST_CASE("whole labels are the rounded times of the same levels") {
  const nf::linear table{};
  const nf::trajectory plain = nf::karras{.steps = 5}(table), whole = nf::whole_labels{nf::karras{.steps = 5}}(table);
  REQUIRE(whole.steps() == 5);
  // what diffusers rounds its timesteps to
  const std::vector<double> expected{999, 843, 593, 142, 0};
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(whole[i].label == expected[i]);
    CHECK(whole[i].from == plain[i].from);
    CHECK(whole[i].to == plain[i].to);
  }
  CHECK(nf::whole_labels{nf::trailing{.steps = 4}}(table)[1].label == 749);
  CHECK_THROWS_AS((nf::whole_labels{nf::karras{}}(table)), nf::error);
}

TEST_CASE("without its last noisy level a spacing has one leg fewer and the same ends") {
  const nf::edm schedule{};
  const nf::trajectory all = nf::karras{.steps = 5}(schedule),
                       fewer = nf::without_penultimate{nf::karras{.steps = 5}}(schedule);
  REQUIRE(fewer.steps() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(fewer[i].from == all[i].from);
  CHECK(fewer.back() == nf::noise_level{0, 1, 0});
  CHECK_THROWS_MATCHES((nf::without_penultimate{nf::karras{.steps = 1}}(schedule)), nf::error,
                       Message("without_penultimate: 1 leg; allowed: a spacing of two legs or more"));
}
