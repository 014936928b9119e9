// The spacings over sigmas, times and a flow's sigmas that ComfyUI, RES4LYF, Mochi and papers have, against figures
// computed from their formulas in 40 digits.
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/schedule/linear.hpp>
#include <noisefall/schedule/scaled_linear.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/trajectory/ays.hpp>
#include <noisefall/trajectory/bong_tangent.hpp>
#include <noisefall/trajectory/concept.hpp>
#include <noisefall/trajectory/kl_optimal.hpp>
#include <noisefall/trajectory/laplace_sigmas.hpp>
#include <noisefall/trajectory/linear_quadratic.hpp>
#include <noisefall/trajectory/log_interpolated.hpp>
#include <noisefall/trajectory/logit_normal.hpp>
#include <noisefall/trajectory/normal.hpp>
#include <noisefall/trajectory/normal_quantile.hpp>
#include <noisefall/trajectory/ramps.hpp>
#include <noisefall/trajectory/sgm_uniform.hpp>
#include <noisefall/trajectory/stretched_list.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using numbers = std::vector<double>;

namespace {

using rule = std::function<nf::trajectory(const nf::any_schedule&)>;

void same(const numbers& found, const numbers& expected, double tolerance = 1e-14) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK_THAT(found[i], WithinRel(expected[i], tolerance));
}

numbers sigmas_of(const nf::trajectory& t) {
  numbers found;
  for (const nf::leg& l : t.legs()) found.push_back(l.from.rho());
  found.push_back(t.back().rho());
  return found;
}

std::vector<std::pair<std::string, rule>> rules(std::size_t n) {
  return {{"sgm_uniform", nf::sgm_uniform{.steps = n}},
          {"normal", nf::normal{.steps = n}},
          {"kl_optimal", nf::kl_optimal{.steps = n}},
          {"laplace_sigmas", nf::laplace_sigmas{.steps = n, .sigma_max = 14}},
          {"linear_quadratic", nf::linear_quadratic{.steps = n}},
          {"bong_tangent", nf::bong_tangent{.steps = n}},
          {"logit_normal", nf::logit_normal{.steps = n}}};
}

}  // namespace

static_assert(nf::Spacing<nf::kl_optimal, nf::edm> && nf::Spacing<nf::logit_normal, nf::any_schedule>);

TEST_CASE("every rule over sigmas, times or a flow makes n falling legs for every n from 1 to 300") {
  for (std::size_t n = 1; n <= 300; ++n)
    for (const nf::any_schedule& schedule :
         {nf::any_schedule{nf::scaled_linear{}}, nf::any_schedule{nf::edm{}}, nf::any_schedule{nf::rectified_flow{}}})
      for (const auto& [name, make] : rules(n)) {
        const nf::trajectory t = make(schedule);  // refuses levels that do not fall
        if (t.steps() != n || t.back().sigma != 0) FAIL(name << ", " << n << " steps");
      }
  for (const auto& [name, make] : rules(0)) {
    INFO(name);
    CHECK_THROWS_WITH(make(nf::edm{}), Catch::Matchers::ContainsSubstring("steps: 0; allowed: 1 or more"));
  }
}

TEST_CASE("sgm_uniform and normal are even in time, without and with the clean end") {
  const nf::linear table{};
  const nf::trajectory sgm = nf::sgm_uniform{.steps = 4}(table), all = nf::normal{.steps = 4}(table);
  for (std::size_t i = 0; i < 4; ++i) {
    const double k = static_cast<double>(i);
    CHECK_THAT(sgm[i].from.t, WithinAbs(999 - 249.75 * k, 1e-12));
    CHECK_THAT(all[i].from.t, WithinAbs(999 - 333 * k, 1e-12));
    CHECK(std::isnan(sgm[i].label));
  }
  CHECK(sgm.back() == nf::noise_level{0, 1, 0});
  CHECK(nf::normal{.steps = 1}(table)[0].from == table.at(999));
  CHECK(nf::sgm_uniform{.steps = 1}(table)[0].from == table.at(999));
  const nf::trajectory continuous = nf::sgm_uniform{.steps = 2}(nf::vp_linear{.t_end = 0.1});
  CHECK_THAT(continuous[1].from.t, WithinRel(0.55, 1e-15));
}

TEST_CASE("kl_optimal is even in arctan of sigma, at one step and from pure noise too") {
  same(nf::kl_optimal_ramp(5, 0.1, 10), {10, 2.1102427639592632, 1, 0.47387912759562686, 0.1});
  same(sigmas_of(
           nf::kl_optimal{.steps = 4, .sigma_min = 0.1, .sigma_max = 10, .end = nf::final_level::sigma_min}(nf::edm{})),
       {10, 2.1102427639592632, 1, 0.47387912759562686, 0.1});
  same(nf::kl_optimal_ramp(1, 0.1, 10), {10});
  const nf::trajectory flow = nf::kl_optimal{.steps = 3}(nf::rectified_flow{});
  CHECK(flow.front() == nf::noise_level{1, 0, 1});
  CHECK_THAT(flow[1].from.rho(), WithinRel(std::tan((std::atan(1e-3 / 0.999) + 2 * std::atan(1.0)) / 2), 1e-12));
  CHECK_THROWS_AS(nf::kl_optimal_ramp(0, 0.1, 10), nf::error);
  CHECK_THROWS_MATCHES((nf::kl_optimal{.steps = 3, .sigma_min = -1}(nf::edm{})), nf::error,
                       Message("kl_optimal: sigma_min: -1.000000, sigma_max: 80.000000; allowed: 0 < sigma_min <= "
                               "sigma_max"));
}

TEST_CASE("laplace_sigmas has ComfyUI's figures, and refuses steps that would repeat an end") {
  same(nf::laplace_ramp(5, 0.1, 10), {10, 1.4141994204495998, 1, 0.7071138522190044, 0.1});
  same(nf::laplace_ramp(6, 0.1, 10, 0.3, 0.8),
       {10, 2.8095170092679623, 1.6136599196571104, 1.1291838994040915, 0.64855232923657356, 0.1});
  same(nf::laplace_ramp(1, 0.1, 10), {10});
  CHECK_THROWS_WITH((nf::laplace_sigmas{.steps = 5000, .sigma_max = 5}(nf::edm{})),
                    Catch::Matchers::ContainsSubstring("repeats a level"));
  CHECK_THROWS_AS((nf::laplace_sigmas{.steps = 5, .spread = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::laplace_sigmas{.steps = 5, .mean = NAN}.check()), nf::error);
}

TEST_CASE("linear_quadratic has Mochi's figures") {
  same(nf::linear_quadratic{.steps = 8}.sigmas(), {1, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875, 0});
  same(nf::linear_quadratic{.steps = 7, .threshold = 0.05, .linear_steps = 2}.sigmas(),
       {1, 0.975, 0.95, 0.892, 0.768, 0.578, 0.322, 0});
  same(nf::linear_quadratic{.steps = 2}.sigmas(), {1, 0.975, 0});
  same(nf::linear_quadratic{.steps = 1}.sigmas(), {1, 0});
  CHECK_THAT(nf::linear_quadratic{.steps = 8}(nf::rectified_flow{})[3].from.sigma, WithinRel(0.98125, 1e-15));
  CHECK(nf::linear_quadratic{.steps = 8}(nf::rectified_flow{}).front() == nf::noise_level{1, 0, 1});
  CHECK_THAT(nf::linear_quadratic{.steps = 8}(nf::edm{})[3].from.sigma, WithinRel(0.98125 * 80, 1e-15));
  CHECK(nf::linear_quadratic{.steps = 8}(nf::scaled_linear{}).front() == nf::scaled_linear{}.at(999));
  CHECK_THROWS_MATCHES((nf::linear_quadratic{.steps = 3, .linear_steps = 3}.check()), nf::error,
                       Message("linear_quadratic: linear_steps: 3; allowed: below steps, 3"));
  CHECK_THROWS_AS((nf::linear_quadratic{.steps = 3, .threshold = 1}.check()), nf::error);
}

TEST_CASE("bong_tangent has RES4LYF's figures, and one step goes from noise to data") {
  same(nf::bong_tangent{.steps = 10}.sigmas(),
       {1, 0.97804502217302353, 0.94793091833699827, 0.90431692211330785, 0.83636507183181905, 0.71983441944563259, 0.5,
        0.25742980341119256, 0.11746056570255361, 0.043265147963527907, 0});
  same(nf::bong_tangent{.steps = 3}.sigmas(), {1, 0.86199264508917956, 0.5, 0});
  same(
      nf::bong_tangent{
          .steps = 6, .middle = 0.4, .first_pivot = 0.5, .second_pivot = 0.7, .first_slope = 0.3, .second_slope = 0.1}
          .sigmas(),
      {1, 0.92405850084150961, 0.77779294365669707, 0.4, 0.2515194177037818, 0.10303883540756359, 0});
  same(nf::bong_tangent{.steps = 1}.sigmas(), {1, 0});
  CHECK_THROWS_AS((nf::bong_tangent{.steps = 5, .first_pivot = 0.01, .second_pivot = 0.01}.sigmas()), nf::error);
  CHECK_THROWS_AS((nf::bong_tangent{.steps = 5, .middle = 1}.check()), nf::error);
  CHECK_THROWS_AS((nf::bong_tangent{.steps = 5, .second_slope = 0}.check()), nf::error);
}

TEST_CASE("logit_normal lies at the quantiles of the training times") {
  same(nf::logit_normal{.steps = 6}.sigmas(),
       {1, 0.72460526301525847, 0.60604732740815974, 0.5, 0.39395267259184026, 0.27539473698474153, 0});
  same(nf::logit_normal{.steps = 5, .mean = 0.5, .deviation = 1.4}.sigmas(),
       {1, 0.84267527848770893, 0.70154920146772924, 0.53626472199916119, 0.33664759094537755, 0});
  CHECK_THROWS_AS((nf::logit_normal{.steps = 5, .deviation = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::logit_normal{.steps = 5, .mean = INFINITY}.check()), nf::error);
}

TEST_CASE("the normal quantile has 14 digits, far out as well") {
  CHECK(nf::normal_quantile(0.5) == 0);
  CHECK_THAT(nf::normal_quantile(0.3), WithinRel(-0.52440051270804078, 1e-14));
  CHECK_THAT(nf::normal_quantile(0.975), WithinRel(1.9599639845400542, 1e-14));
  CHECK_THAT(nf::normal_quantile(1e-10), WithinRel(-6.3613409024040562, 1e-14));
  CHECK_THAT(nf::normal_quantile(1e-300), WithinRel(-37.047096299361199, 1e-14));
  for (int i = 1; i < 1000; ++i) {
    const double p = i / 1000.0, x = nf::normal_quantile(p);
    CHECK_THAT(0.5 * std::erfc(-x / std::sqrt(2.0)), WithinRel(p, 1e-14));
  }
  CHECK_THROWS_AS(nf::normal_quantile(0), nf::error);
  CHECK_THROWS_AS(nf::normal_quantile(1), nf::error);
  CHECK_THROWS_AS(nf::normal_quantile(NAN), nf::error);
}

TEST_CASE("Align Your Steps has the published levels, and others between them in ln sigma") {
  using model = nf::ays::found_for;
  // diffusers' AysSchedules
  const std::vector<std::pair<model, numbers>> of_diffusers{
      {model::stable_diffusion, {14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152}},
      {model::stable_diffusion_xl, {14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113}},
      {model::stable_video_diffusion, {700.00, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034}}};
  for (const auto& [of, rounded] : of_diffusers) {
    const numbers found = sigmas_of(nf::ays{.model = of}(nf::edm{}));
    REQUIRE(found.size() == 11);
    for (std::size_t i = 0; i < 10; ++i)
      CHECK_THAT(found[i], WithinRel(rounded[i], 0.02) && WithinAbs(rounded[i], 4e-3));
    CHECK(found[10] == 0);
  }
  const auto between = [](std::size_t n) {
    return sigmas_of(nf::ays{.steps = n, .end = nf::final_level::sigma_min}(nf::edm{}));
  };
  same(between(4), {14.6146412293, 3.2266261195737594, 1.3943805092, 0.50938861256311858, 0.0291671582});
  same(between(15),
       {14.6146412293, 8.4931790369211138, 5.4509777237743724, 3.8636745985, 3.0385380505931238, 2.3916973696196602,
        1.8841921177, 1.5415676803511967, 1.2330632222278086, 0.9642583904, 0.74312152721464326, 0.55317664771998251,
        0.3977456272, 0.20902008504951062, 0.0874884900709952, 0.0291671582});
  same(sigmas_of(nf::ays{.steps = 1}(nf::edm{})), {14.6146412293, 0});
  CHECK(nf::ays{.steps = 20}(nf::scaled_linear{}).steps() == 20);
}

TEST_CASE("a published list is laid for any number of steps, with clean data in the place of its last level") {
  const nf::stretched_list found{.steps = 2, .sigmas = {8, 2, 0.5}};
  same(sigmas_of(found(nf::edm{})), {8, 2, 0});
  same(sigmas_of(nf::stretched_list{.steps = 4, .sigmas = {8, 2, 0.5}, .end = nf::final_level::sigma_min}(nf::edm{})),
       {8, 4, 2, 1, 0.5});
  CHECK(nf::stretched_list{.steps = 1, .sigmas = {8, 2, 0.5}}(nf::scaled_linear{}).steps() == 1);
  const std::vector<double> gits(nf::gits_cifar10.begin(), nf::gits_cifar10.end());
  same(sigmas_of(nf::stretched_list{.steps = 6, .sigmas = gits, .end = nf::final_level::sigma_min}(nf::edm{})), gits);
  CHECK_THROWS_MATCHES((nf::stretched_list{.sigmas = {1}}.check()), nf::error,
                       Message("stretched_list: sigmas: 1; allowed: two or more"));
  CHECK_THROWS_MATCHES((nf::stretched_list{.sigmas = {1, 2}}.check()), nf::error,
                       Message("stretched_list: sigmas[1]: 2.000000; allowed: above 0, below the one before"));
  CHECK_THROWS_AS((nf::stretched_list{.sigmas = {1, 0}}.check()), nf::error);
}

TEST_CASE("a stretched list keeps its ends and its nodes, and refuses what has no logarithm") {
  const numbers list{8, 2, 0.5};
  same(nf::log_interpolated(list, 3), list, 1e-15);
  same(nf::log_interpolated(list, 5), {8, 4, 2, 1, 0.5}, 1e-15);
  CHECK_THROWS_AS(nf::log_interpolated(numbers{1, 0}, 3), nf::error);
  CHECK_THROWS_AS(nf::log_interpolated(numbers{INFINITY, 1}, 3), nf::error);
  CHECK_THROWS_AS(nf::log_interpolated(numbers{1}, 3), nf::error);
  CHECK_THROWS_AS(nf::log_interpolated(list, 1), nf::error);
}

TEST_CASE("mu of Flux.2 is a line above 4300 and lies between two lines up to there") {
  CHECK_THAT(nf::flux2_mu(1024, 10), WithinRel(1.9878114252576, 1e-14));
  CHECK_THAT(nf::flux2_mu(1024, 50), WithinRel(1.7019562073086316, 1e-14));
  CHECK_THAT(nf::flux2_mu(4096, 200), WithinRel(1.14999658, 1e-14));
  CHECK_THAT(nf::flux2_mu(8192, 20), WithinRel(1.8433265, 1e-14));
}
