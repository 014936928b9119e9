#include <array>
#include <cmath>
#include <type_traits>
#include <vector>

#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/guidance/apg.hpp>
#include <noisefall/guidance/cfg_pp.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/rescale.hpp>
#include <noisefall/guidance/unguided.hpp>

#include "catch.hpp"
#include "guidance/by_hand.hpp"

using namespace noisefall;
using by_hand::guided;
using by_hand::position;
using by_hand::vector;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;

static_assert(Guidance<unguided> && Guidance<classifier_free> && Guidance<rescale> && Guidance<apg> &&
              Guidance<cfg_pp> && Guidance<any_guidance>);
static_assert(!Guidance<int>);
static_assert(!std::is_constructible_v<any_guidance, int>);

namespace {

const vector c{3, 4}, u{1, 0};

void check_close(const vector& got, const vector& expected, double tolerance = 5e-8) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t e = 0; e < got.size(); ++e) CHECK_THAT(got[e], WithinAbs(expected[e], tolerance));
}

branch_weights weights(const any_guidance& rule, const vector& state = {}) {
  const by_hand::products of = by_hand::products_of(c, u, state);
  return rule.weights(position(1), of.gram());
}

bool same(const branch_weights& a, const branch_weights& b) {
  return a.guided == b.guided && a.renoise == b.renoise && a.next == b.next && a.guided_state == b.guided_state &&
         a.next_state == b.next_state;
}

struct users_own {
  static constexpr guidance_space space = guidance_space::eps;
  void check() const {}
  branch_set needs(const guidance_position&) const { return {0, 2}; }
  branch_weights weights(const guidance_position&) const { return {.guided = {2, 0, -1}}; }
  std::vector<double> breakpoints() const { return {1.5}; }
};

}  // namespace

TEST_CASE("classifier-free guidance moves away from the unconditional branch") {
  check_close(guided(classifier_free{.weight = 1}, c, u), {5, 8}, 1e-15);
  check_close(guided(guidance_scale(2), c, u), {5, 8}, 1e-15);
  check_close(guided(classifier_free{.weight = -0.5}, c, u), {2, 2}, 1e-15);
  check_close(guided(classifier_free{.weight = -2}, c, u), {-1, -4}, 1e-15);
}

TEST_CASE("every two-branch rule without weight is the conditional branch, bit for bit") {
  const apg with_momentum{.weight = 0, .eta = 0.3, .norm_cap = 1e-3, .momentum = -0.5};
  for (const any_guidance& rule :
       {any_guidance{unguided{}}, any_guidance{classifier_free{.weight = 0}}, any_guidance{guidance_scale(1)},
        any_guidance{rescale{.weight = 0, .phi = 1}}, any_guidance{with_momentum}}) {
    INFO(rule.name());
    CHECK(rule.needs(position(1)) == branch_set{0});
    const branch_weights w = weights(rule, rule.has_state() ? vector{1, 1} : vector{});
    CHECK(w.guided == std::array<double, max_branches>{1});
    CHECK(w.guided_state == 0);
  }
}

TEST_CASE("every two-branch rule at weight -1 is the unconditional branch, bit for bit") {
  const apg with_momentum{.weight = -1, .eta = 0.3, .norm_cap = 1e-3, .momentum = -0.5};
  for (const any_guidance& rule : {any_guidance{classifier_free{.weight = -1}}, any_guidance{guidance_scale(0)},
                                   any_guidance{rescale{.weight = -1, .phi = 1}}, any_guidance{with_momentum}}) {
    INFO(rule.name());
    CHECK(rule.needs(position(1)) == branch_set{1});
    const branch_weights w = weights(rule, rule.has_state() ? vector{1, 1} : vector{});
    CHECK(w.guided == std::array<double, max_branches>{0, 1});
    CHECK(w.guided_state == 0);
  }
}

TEST_CASE("outside its interval a guidance asks for the conditional branch only") {
  const auto weight = weight_schedule::interval(2, 0.5, 5);
  for (const any_guidance& rule : {any_guidance{classifier_free{.weight = weight}},
                                   any_guidance{rescale{.weight = weight}}, any_guidance{apg{.weight = weight}}}) {
    INFO(rule.name());
    CHECK(rule.needs(position(6)) == branch_set{0});
    CHECK(rule.needs(position(5)) == branch_set{0, 1});
    CHECK(rule.needs(position(0.5)) == branch_set{0});
    CHECK(rule.breakpoints() == std::vector<double>{5, 0.5});
  }
}

TEST_CASE("negative weights use the plain rule in every two-branch rule") {
  const vector plain = guided(classifier_free{.weight = -0.5}, c, u);
  CHECK(guided(rescale{.weight = -0.5, .phi = 1}, c, u) == plain);
  CHECK(guided(apg{.weight = -0.5, .norm_cap = 0.1, .momentum = -0.5}, c, u, {2, 2}) == plain);
}

TEST_CASE("rescaled guidance has the conditional's standard deviation, phi of the way") {
  check_close(guided(rescale{.weight = 1, .phi = 0.7}, c, u), {2.66666667, 4.26666667});
  check_close(guided(rescale{.weight = 1, .phi = 0}, c, u), {5, 8}, 1e-15);
  const vector a{0.3, -1.2, 2.5, 0.1, 0.9}, b{-0.2, 0.4, 1.1, 0.8, -0.5};
  const vector all_of_it = guided(rescale{.weight = 6.5, .phi = 1}, a, b);
  const auto spread = [](const vector& v) {
    double mean = 0, square = 0;
    for (const double x : v) mean += x / static_cast<double>(v.size());
    for (const double x : v) square += (x - mean) * (x - mean);
    return std::sqrt(square);
  };
  CHECK_THAT(spread(all_of_it), WithinAbs(spread(a), 1e-13));
}

TEST_CASE("rescaling depends on the space it is done in") {
  // eps = (x - x0) / sigma at x = (10, -2), sigma = 2, and back
  const vector x{10, -2};
  const auto other = [&](const vector& v) { return vector{(x[0] - v[0]) / 2, (x[1] - v[1]) / 2}; };
  const auto back = [&](const vector& v) { return vector{x[0] - 2 * v[0], x[1] - 2 * v[1]}; };
  check_close(back(guided(rescale{.weight = 1, .phi = 0.7}, other(c), other(u))), {5.46666667, 7.06666667});
  CHECK(space_of(rescale{}) == guidance_space::output);
  CHECK(space_of(rescale{.space = guidance_space::x0}) == guidance_space::x0);
  CHECK(any_guidance{rescale{.space = guidance_space::eps}}.space() == guidance_space::eps);
}

TEST_CASE("what has no standard deviation is not rescaled") {
  CHECK(guided(rescale{.weight = 1, .phi = 1}, {3}, {1}) == vector{5});
  CHECK(guided(rescale{.weight = 1, .phi = 1}, {3, 3}, {1, 1}) == vector{5, 5});
}

TEST_CASE("projected guidance keeps the part orthogonal to the conditional prediction") {
  check_close(guided(apg{.weight = 1}, c, u), {2.36, 4.48}, 1e-14);
  check_close(guided(apg{.weight = 1, .eta = 1}, c, u), {5, 8}, 1e-14);
  const vector without = guided(apg{.weight = 1}, c, u), with = guided(apg{.weight = 1, .eta = 0.5}, c, u);
  check_close({2 * (with[0] - without[0]), 2 * (with[1] - without[1])}, {2.64, 3.52}, 1e-14);
  check_close({without[0] - c[0], without[1] - c[1]}, {-0.64, 0.48}, 1e-14);
}

TEST_CASE("projected guidance caps the norm of the update") {
  check_close(guided(apg{.weight = 1, .norm_cap = 2}, c, u), {2.7137833, 4.21466253});
  CHECK(guided(apg{.weight = 1, .norm_cap = 5}, c, u) == guided(apg{.weight = 1}, c, u));
  check_close(guided(apg{.weight = 1, .eta = 1, .norm_cap = 2}, c, u),
              {3 + 2 * 2 / std::sqrt(20.0), 4 + 4 * 2 / std::sqrt(20.0)}, 1e-14);
}

TEST_CASE("projected guidance averages the updates of the steps") {
  const apg rule{.weight = 1, .eta = 1, .momentum = -0.5};
  REQUIRE(has_state(rule));
  CHECK_FALSE(has_state(apg{}));
  vector state{0, 0};
  const auto advance = [&](const vector& d) {  // u = 0, so that c is the difference
    const branch_weights w = rule.weights(position(1), by_hand::products_of(d, {0, 0}, state).gram());
    const vector seen = by_hand::combine(w.guided, d, {0, 0}, w.guided_state, state);
    state = by_hand::combine(w.next, d, {0, 0}, w.next_state, state);
    return vector{seen[0] - d[0], seen[1] - d[1]};
  };
  CHECK(advance({2, 4}) == vector{2, 4});
  CHECK(state == vector{2, 4});
  CHECK(advance({1, 1}) == vector{0, -1});
  CHECK(state == vector{0, -1});
}

TEST_CASE("projection and cap act on the averaged update") {
  // g = d - 0.5 s = (1.5, 4.25) with s = (1, -0.5); h = g * 2 / |g|; p = c <h, c> / 25
  const apg rule{.weight = 2, .eta = 0.25, .norm_cap = 2, .momentum = -0.5};
  const double shrink = 2 / std::hypot(1.5, 4.25), along = shrink * (1.5 * 3 + 4.25 * 4) / 25;
  const double keep = 1 - 0.25;
  check_close(guided(rule, c, u, {1, -0.5}),
              {3 + 2 * (shrink * 1.5 - keep * along * 3), 4 + 2 * (shrink * 4.25 - keep * along * 4)}, 1e-14);
}

TEST_CASE("the momentum of projected guidance rests where only one branch is evaluated") {
  for (const double w : {0.0, -1.0}) {
    const apg rule{.weight = w, .momentum = -0.5};
    const branch_weights at = rule.weights(position(1), by_hand::products_of(c, u, {1, 1}).gram());
    CHECK(at.next == std::array<double, max_branches>{});
    CHECK(at.next_state == 1);
  }
}

TEST_CASE("a conditional prediction of zero has no parallel part") {
  check_close(guided(apg{.weight = 1}, {0, 0}, {1, 2}), {-1, -2}, 1e-15);
  check_close(guided(apg{.weight = 1, .norm_cap = 1}, {0, 0}, {0, 0}), {0, 0}, 1e-15);
}

TEST_CASE("CFG++ denoises with an interpolation and goes on with the unconditional noise") {
  const branch_weights w = weights(cfg_pp{.scale = 0.6});
  check_close(by_hand::combine(w.guided, c, u), {2.2, 2.4}, 1e-15);
  check_close(by_hand::combine(w.renoise, c, u), u, 0);
  CHECK(makes_two_readings(cfg_pp{}));
  CHECK(cfg_pp{.scale = 0}.needs(position(1)) == branch_set{1});
  CHECK(cfg_pp{.scale = 1}.needs(position(1)) == branch_set{0, 1});
}

TEST_CASE("CFG++ takes a schedule that stays between 0 and 1") {
  const cfg_pp rule{.scale = weight_schedule::interval(0.6, 0.5, 5)};
  rule.check();
  CHECK(rule.needs(position(6)) == branch_set{1});
  CHECK(rule.needs(position(5)) == branch_set{0, 1});
  CHECK(rule.breakpoints() == std::vector<double>{5, 0.5});
  CHECK_THROWS_WITH(cfg_pp{.scale = weight_schedule::ramp(0, 5, 1.5, 1)}.check(), ContainsSubstring("scale 1.5"));
  CHECK_THROWS_WITH(cfg_pp{.scale = weight_schedule::linear(0, 1)}.check(), ContainsSubstring("cfg_pp: scale"));
  CHECK_NOTHROW(cfg_pp{.scale = weight_schedule::linear(0, 1).clamped(0, 1)}.check());
}

TEST_CASE("a guidance refuses parameters out of range by name") {
  CHECK_THROWS_WITH((rescale{.phi = 1.5}.check()), ContainsSubstring("rescale: phi"));
  CHECK_THROWS_WITH((apg{.norm_cap = -1}.check()), ContainsSubstring("apg: norm_cap"));
  CHECK_THROWS_WITH((apg{.momentum = 1}.check()), ContainsSubstring("apg: momentum"));
  CHECK_THROWS_WITH((apg{.eta = std::nan("")}.check()), ContainsSubstring("apg: eta"));
  CHECK_THROWS_WITH(cfg_pp{.scale = 7.5}.check(), ContainsSubstring("cfg_pp: scale"));
  CHECK_THROWS_WITH(any_guidance{cfg_pp{.scale = 7.5}}.check(), ContainsSubstring("cfg_pp: scale"));
}

TEST_CASE("a guidance chosen at run time gives the numbers of the rule it holds") {
  const auto alike = [](const auto& rule, const vector& state) {
    const any_guidance any{rule};
    const any_guidance copy = any;
    INFO(any.name());
    CHECK(copy.name() == rule.name);
    CHECK(copy.reference() == rule.reference);
    CHECK(copy.space() == space_of(rule));
    CHECK(copy.needs_gram() == wants_gram(rule));
    CHECK(copy.two_readings() == makes_two_readings(rule));
    CHECK(copy.has_state() == has_state(rule));
    CHECK(copy.breakpoints() == rule.breakpoints());
    const by_hand::products of = by_hand::products_of(c, u, state);
    for (const double sigma : {0.1, 1.0, 80.0}) {
      CHECK(copy.needs(position(sigma)) == rule.needs(position(sigma)));
      CHECK(same(copy.weights(position(sigma), of.gram()), weights_of(rule, position(sigma), of.gram())));
    }
  };
  const auto window = weight_schedule::window(2, 0.5, 1.5);
  alike(unguided{}, {});
  alike(classifier_free{.weight = window}, {});
  alike(rescale{.weight = window, .space = guidance_space::x0}, {});
  alike(apg{.weight = window, .norm_cap = 2}, {});
  alike(apg{.weight = window, .norm_cap = 2, .momentum = -0.5}, {1, 2});
  alike(cfg_pp{}, {});
}

TEST_CASE("a guidance chosen at run time can be a user's own and can be looked into") {
  const any_guidance rule{users_own{}};
  CHECK(rule.name().empty());
  CHECK(rule.space() == guidance_space::eps);
  CHECK_FALSE(rule.needs_gram());
  CHECK(rule.needs(position(1)) == branch_set{0, 2});
  CHECK(rule.get_if<users_own>() != nullptr);
  CHECK(rule.get_if<apg>() == nullptr);
  any_guidance other = apg{.eta = 0.5};
  REQUIRE(other.get_if<apg>() != nullptr);
  CHECK(other.get_if<apg>()->eta == 0.5);
  other = rule;
  CHECK(other.get_if<apg>() == nullptr);
}
