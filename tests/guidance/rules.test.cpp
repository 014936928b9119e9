// The published rules on c = (3, 4) and u = (1, 0), by numbers that an independent program gave.
#include <cmath>
#include <limits>
#include <vector>

#include <noisefall/guidance/adaptive_guidance.hpp>
#include <noisefall/guidance/adg.hpp>
#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/guidance/apg.hpp>
#include <noisefall/guidance/autoguidance.hpp>
#include <noisefall/guidance/beta_cfg.hpp>
#include <noisefall/guidance/cfg_norm.hpp>
#include <noisefall/guidance/cfg_zero.hpp>
#include <noisefall/guidance/classifier_guidance.hpp>
#include <noisefall/guidance/composition.hpp>
#include <noisefall/guidance/mambo_g.hpp>
#include <noisefall/guidance/particle_guidance.hpp>
#include <noisefall/guidance/perp_neg.hpp>
#include <noisefall/guidance/perturbed.hpp>
#include <noisefall/guidance/power_law.hpp>
#include <noisefall/guidance/tcfg.hpp>
#include <noisefall/guidance/temperature.hpp>
#include <noisefall/tensor/tensor.hpp>

#include "catch.hpp"
#include "guidance/by_hand.hpp"

using namespace noisefall;
using by_hand::guided;
using by_hand::guided_by_all;
using by_hand::position;
using by_hand::vector;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;

namespace {

const vector c{3, 4}, u{1, 0}, n{0, 2};

void check_close(const vector& got, const vector& expected, double tolerance = 5e-8) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t e = 0; e < got.size(); ++e) CHECK_THAT(got[e], WithinAbs(expected[e], tolerance));
}

// Each rule with a weight, at that weight.
std::vector<any_guidance> weighed(const weight_schedule& w) {
  return {adaptive_guidance{.weight = w},
          adg{.weight = w},
          autoguidance{.weight = w},
          beta_cfg{.weight = w},
          cfg_norm{.weight = w},
          cfg_zero{.weight = w, .zero_steps = 0},
          composition{.weight = w},
          mambo_g{.weight = w},
          perp_neg{.weight = w},
          power_law{.weight = w},
          tcfg{.weight = w},
          perturbed_branch{.weight = w, .perturbed = 0},
          apg{.weight = w, .on_unconditional = true},
          temperature{.weight = w, .inverse_temperature = 1}};
}

branch_weights weights_at(const any_guidance& rule, double sigma = 1) {
  const by_hand::products of = by_hand::products_of_branches({c, u, n});
  const std::vector<double> scalars(rule.scalars(), 0.0);
  return rule.weights(position(sigma), gram_matrix{of.numbers, of.vectors, scalars});
}

}  // namespace

TEST_CASE("every rule without weight is the conditional branch and asks for no other") {
  for (const any_guidance& rule : weighed(0)) {
    INFO(rule.name());
    CHECK(rule.needs(position(1)) == branch_set{0});
    const branch_weights w = weights_at(rule);
    CHECK(w.guided == std::array<double, max_branches>{1});
    CHECK(w.gradient == std::array<double, max_branches>{});
  }
}

TEST_CASE("every rule at weight -1 is the unconditional branch and asks for no other") {
  for (const any_guidance& rule : weighed(-1)) {
    INFO(rule.name());
    CHECK(rule.needs(position(1)) == branch_set{1});
    CHECK(weights_at(rule).guided == std::array<double, max_branches>{0, 1});
  }
}

TEST_CASE("every rule gives guidance back by the plain rule") {
  for (const any_guidance& rule : weighed(-0.5)) {
    INFO(rule.name());
    CHECK(weights_at(rule).guided == std::array<double, max_branches>{0.5, 0.5});
  }
}

TEST_CASE("every rule takes a schedule: outside it asks for nothing, and its jumps are told") {
  for (const any_guidance& rule : weighed(weight_schedule::interval(2, 0.5, 5))) {
    INFO(rule.name());
    CHECK(rule.needs(position(6)) == branch_set{0});
    CHECK(rule.needs(position(5)).holds(1));
    CHECK(rule.needs(position(0.5)) == branch_set{0});
    CHECK(rule.breakpoints() == std::vector<double>{5, 0.5});
  }
}

TEST_CASE("a negative prompt is the branch that classifier-free guidance moves away from") {
  check_close(guided(guidance_scale(2), c, n), {6, 6}, 1e-15);
}

TEST_CASE("projected guidance on the unconditional branch is that of diffusers") {
  check_close(guided(apg{.weight = 1, .on_unconditional = true}, c, u), {-0.28, 0.96}, 1e-14);
  check_close(guided(apg{.weight = 1, .eta = 1, .on_unconditional = true}, c, u), {5, 8}, 1e-14);
}

TEST_CASE("CFG-Zero* guides from the best multiple of the unconditional velocity") {
  check_close(guided(cfg_zero{.weight = 1, .zero_steps = 0}, c, u), {3, 8}, 1e-14);
  CHECK(space_of(cfg_zero{}) == guidance_space::flow);
  check_close(guided(cfg_zero{.weight = 1, .zero_steps = 0}, c, {0, 0}), {6, 8}, 1e-14);
}

TEST_CASE("CFG-Zero* stands still in its first steps, by one evaluation each") {
  const cfg_zero rule{.weight = 1, .zero_steps = 2};
  guidance_position at = position(1);
  at.steps = 10;
  for (at.step = 0; at.step < 4; ++at.step) {
    const bool stands = at.step < 2;
    CHECK(rule.needs(at) == (stands ? branch_set{0} : branch_set{0, 1}));
    check_close(guided_by_all(rule, {c, u}, at), stands ? vector{0, 0} : vector{3, 8}, 1e-14);
  }
  const std::vector<leg> legs{{{0, 1, 4}, {0, 1, 3}}, {{0, 1, 3}, {0, 1, 2}}, {{0, 1, 2}, {0, 1, 1}}};
  CHECK(rule.breakpoints({.legs = legs}) == std::vector<double>{2});
}

TEST_CASE("TCFG keeps the unconditional part along the first singular vector") {
  check_close(guided(tcfg{.weight = 1}, c, u), {5.62126781, 7.51492875});
  const vector near_c{3 + 1e-9, 4 - 1e-9};  // nearly parallel: the projection is nearly all of it
  check_close(guided(tcfg{.weight = 1}, c, near_c), {3, 4}, 1e-8);
}

TEST_CASE("MAMBO-G holds guidance back where the branches lie apart") {
  const branch_weights w = weights_at(mambo_g{.weight = 9, .alpha = 0.1});
  CHECK_THAT(1 - w.guided[1], WithinAbs(6.75466587, 5e-8));
  CHECK_THAT(w.guided[0], WithinAbs(6.75466587, 5e-8));
  check_close(guided(mambo_g{.weight = 9}, c, {0, 0}), c, 0);
}

TEST_CASE("the power law weighs by the distance of the scores") {
  check_close(guided(power_law{.weight = 0.5, .alpha = 1}, c, u), {7.47213595, 12.94427191});
  const branch_weights at_2 = weights_at(power_law{.weight = 0.5, .alpha = 1}, 2);
  CHECK_THAT(at_2.guided[1], WithinAbs(-0.25 * std::sqrt(20), 1e-12));
  check_close(guided(power_law{.weight = 1, .alpha = 0}, c, u), {5, 8}, 1e-14);
  check_close(guided(power_law{.weight = 1, .alpha = -0.5}, c, c), c, 0);
}

TEST_CASE("beta-CFG has a length that rises and falls over the steps") {
  guidance_position at = position(1);
  at.steps = 8;
  at.step = 1;
  at.at.sigma = std::sqrt(0.5);  // the middle of the leg
  const double p = 1.5 / 8, strength = 2 * 6 * p * (1 - p);
  check_close(guided_by_all(beta_cfg{.weight = 1, .gamma = 0}, {c, u}, at), {1 + 2 * strength, 4 * strength}, 1e-12);
  const double by = strength / std::sqrt(20);
  check_close(guided_by_all(beta_cfg{.weight = 1}, {c, u}, at), {1 + 2 * by, 4 * by}, 1e-12);
  check_close(guided_by_all(beta_cfg{.weight = 1, .a = 1, .b = 1, .gamma = 0}, {c, u}, at), {5, 8}, 1e-12);
}

TEST_CASE("angle-domain guidance turns the conditional away from the unconditional") {
  check_close(guided(adg{.weight = 1}, c, u), {1.8, 6.4}, 1e-13);
  const double third = std::acos(-1.0) / 3;  // the largest angle
  check_close(guided(adg{.weight = 9}, c, u), {3 * std::cos(third), 4 * std::cos(third) + 5 * std::sin(third)}, 1e-13);
  check_close(guided(adg{.weight = 1}, c, {6, 8}), c, 1e-13);
  check_close(guided(adg{.weight = 1}, c, {0, 0}), c, 0);
  check_close(guided(adg{.weight = 1}, {0, 0}, u), {0, 0}, 0);
  const double small = 1e-7;  // there, as classifier-free guidance
  check_close(guided(adg{.weight = 2}, {1, small}, {1, 0}), {1, 3 * small}, 1e-13);
}

TEST_CASE("held to the conditional's norm, guidance keeps its direction") {
  check_close(guided(cfg_norm{.weight = 1}, c, u), {2.6499947, 4.23999152});
  check_close(guided(cfg_norm{.weight = 1, .ratio = 10}, c, u), {5, 8}, 1e-14);
  check_close(guided(cfg_norm{.weight = 1, .ratio = 10, .only_shrinks = false}, c, u), {26.499947, 42.3999152}, 5e-7);
}

TEST_CASE("Perp-Neg subtracts what the negative does not share with the positive") {
  check_close(guided_by_all(perp_neg{.weight = 1}, {c, u, n}), {8.2, 6.4}, 1e-13);
  check_close(guided_by_all(perp_neg{.weight = 1, .strengths = {0.5, 0.5}}, {c, u, n, n}), {8.2, 6.4}, 1e-13);
  check_close(guided_by_all(perp_neg{.weight = 1}, {c, u, {3, 4}}), {5, 8}, 1e-13);  // nothing but shared
  CHECK(perp_neg{}.needs(position(1)) == branch_set{0, 1, 2});
}

TEST_CASE("a composition adds what each condition pulls") {
  check_close(guided_by_all(composition{.weight = 1, .further = {-1}}, {c, u, n}), {6, 6}, 1e-14);
  check_close(guided_by_all(composition{.weight = 1, .further = {0}}, {c, u, n}), {5, 8}, 1e-14);
  CHECK(composition{.weight = 1, .further = {0, 2}}.needs(position(1)) == branch_set{0, 1, 3});
  CHECK(composition{.weight = -0.5, .further = {0.5}}.needs(position(1)) == branch_set{0, 2});
  CHECK(composition{.weight = -1, .further = {1}}.needs(position(1)) == branch_set{2});
  CHECK(composition{.weight = 1, .further = {weight_schedule::interval(1, 2, 3)}}.breakpoints() ==
        std::vector<double>{3, 2});
}

TEST_CASE("a disturbed branch is one more to move away from") {
  check_close(guided_by_all(perturbed_branch{.weight = 1, .perturbed = 2}, {c, u, n}), {5 + 2 * 3, 8 + 2 * (4 - 2)},
              1e-14);
  check_close(guided_by_all(perturbed_branch{.weight = 0, .perturbed = 2}, {c, u, n}), {3 + 2 * 3, 4 + 2 * 2}, 1e-14);
  CHECK(perturbed_branch{.weight = 0}.needs(position(1)) == branch_set{0, 2});
  CHECK(perturbed_branch{.weight = -0.5, .perturbed = -0.5}.needs(position(1)) == branch_set{1, 2});
  CHECK(perturbed_branch{.weight = weight_schedule::interval(2, 1, 4), .perturbed = weight_schedule::interval(2, 2, 3)}
            .breakpoints() == std::vector<double>{4, 3, 2, 1});
  CHECK(guided(autoguidance{.weight = 1}, c, u) == vector{5, 8});
}

TEST_CASE("classifier guidance moves eps along the gradient") {
  const classifier_guidance rule{.weight = 3};
  CHECK(gradients_of(rule) == branch_set{1});
  CHECK(rule.needs(position(2)) == branch_set{0, 1});
  const branch_weights w = rule.weights(position(2));
  CHECK(w.guided == std::array<double, max_branches>{1});
  CHECK(w.gradient == std::array<double, max_branches>{0, -6});
  CHECK(classifier_guidance{.weight = 0}.needs(position(2)) == branch_set{0});
}

TEST_CASE("particle guidance couples the batch and says so") {
  CHECK(couples_batch(particle_guidance{}));
  CHECK(any_guidance{particle_guidance{}}.couples_batch());
  CHECK_FALSE(any_guidance{classifier_guidance{}}.couples_batch());
  CHECK(particle_guidance{}.needs(position(1)) == branch_set{0, 1, 2});
  CHECK(particle_guidance{.weight = 0, .strength = 0}.needs(position(1)) == branch_set{0});
  CHECK(particle_guidance{.weight = 0, .strength = 2}.weights(position(3)).gradient[2] == -6);
}

TEST_CASE("the repulsion of particles is minus the gradient of the kernels between them") {
  tensor<double> x({3, 1}), out({3, 1});
  x[1] = 1;
  x[2] = 3;
  rbf_repulsion(view<double>{x}, mutable_view<double>{out});
  const double h = 4 / std::log(3.0);  // the median distance is 2
  const auto k = [&](double d) { return 2 * d / h * std::exp(-d * d / h); };
  check_close({out[0], out[1], out[2]}, {-k(1) - k(3), k(1) - k(2), k(3) + k(2)}, 1e-14);
  tensor<float> one({1, 2});
  tensor<float> still({1, 2});
  still[0] = 5;
  rbf_repulsion(view<float>{one}, mutable_view<float>{still});
  CHECK(still[0] == 0);
}

TEST_CASE("adaptive guidance ends for a sample once its branches agree, and for the batch once all have") {
  const adaptive_guidance rule{.weight = 1, .threshold = 0.5};
  const auto at = [&](const vector& b, double remembered) {
    const by_hand::products of = by_hand::products_of_branches({c, b});
    const std::vector<double> scalars{remembered};
    return rule.weights(position(1), gram_matrix{of.numbers, of.vectors, scalars});
  };
  CHECK(at({-1, 0}, 0).next_scalars[0] == 0);  // cos = -0.6
  const branch_weights agreed = at(u, 0);      // cos = 0.6: guided in this step, not in the next
  CHECK(agreed.guided == std::array<double, max_branches>{2, -1});
  CHECK(agreed.next_scalars[0] == 1);
  const branch_weights ended = at({-1, 0}, 1);
  CHECK(ended.guided == std::array<double, max_branches>{1});
  CHECK(ended.next_scalars[0] == 1);
  CHECK(rule.needs(position(1), std::vector<double>{0, 0}) == branch_set{0, 1});
  CHECK(rule.needs(position(1), std::vector<double>{1, 0}) == branch_set{0, 1});
  CHECK(rule.needs(position(1), std::vector<double>{1, 1}) == branch_set{0});
  const adaptive_guidance tail{.weight = -1};
  CHECK(tail.needs(position(1), std::vector<double>{0, 0}) == branch_set{1});
  CHECK(tail.needs(position(1), std::vector<double>{1, 0}) == branch_set{0, 1});
  CHECK(any_guidance{rule}.narrows());
  CHECK(any_guidance{rule}.needs(position(1), std::vector<double>{1, 1}) == branch_set{0});
  CHECK_FALSE(any_guidance{adg{}}.narrows());
}

TEST_CASE("a temperature rescales eps to that of a narrower Gaussian") {
  const temperature rule{.inverse_temperature = 4, .data_deviation = 3};
  const double sigma = 2, eps = 0.7, of_wide = 9 + 4, of_narrow = 9.0 / 4 + 4;
  const branch_weights w = rule.weights(position(sigma));
  CHECK_THAT(w.guided[0] * eps, WithinAbs(eps * of_wide / of_narrow, 1e-14));
  CHECK_THAT(rule.weights(position(0)).guided[0], WithinAbs(4, 1e-14));
  CHECK(rule.needs(position(1)) == branch_set{0});
}

TEST_CASE("a rule refuses parameters out of range by name") {
  CHECK_THROWS_WITH(power_law{.alpha = -1}.check(), ContainsSubstring("power_law: alpha"));
  CHECK_THROWS_WITH(beta_cfg{.a = 0.5}.check(), ContainsSubstring("beta_cfg: a"));
  CHECK_THROWS_WITH(beta_cfg{.gamma = 2}.check(), ContainsSubstring("beta_cfg: gamma"));
  CHECK_THROWS_WITH(mambo_g{.alpha = -1}.check(), ContainsSubstring("mambo_g: alpha"));
  CHECK_THROWS_WITH(adg{.max_angle = 0}.check(), ContainsSubstring("adg: max_angle"));
  CHECK_THROWS_WITH(cfg_norm{.ratio = 0}.check(), ContainsSubstring("cfg_norm: ratio"));
  CHECK_THROWS_WITH(adaptive_guidance{.threshold = 2}.check(), ContainsSubstring("adaptive_guidance: threshold"));
  CHECK_THROWS_WITH((composition{.further = {1, 1, 1, 1, 1}}.check()), ContainsSubstring("composition: further"));
  CHECK_THROWS_WITH((perp_neg{.strengths = {1, 1, 1, 1, 1}}.check()), ContainsSubstring("perp_neg: strengths"));
  CHECK_THROWS_WITH(temperature{.inverse_temperature = 0}.check(),
                    ContainsSubstring("temperature: inverse_temperature"));
  CHECK_THROWS_WITH(temperature{.data_deviation = 0}.check(), ContainsSubstring("temperature: data_deviation"));
}
