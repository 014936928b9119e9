// The spacing rules as a user writes them.
#include <cmath>
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
#include <noisefall/schedule/ve.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/schedule/vp_table.hpp>
#include <noisefall/schedule/zero_terminal_snr.hpp>
#include <noisefall/trajectory/beta.hpp>
#include <noisefall/trajectory/concept.hpp>
#include <noisefall/trajectory/exponential.hpp>
#include <noisefall/trajectory/flow_uniform.hpp>
#include <noisefall/trajectory/index_list.hpp>
#include <noisefall/trajectory/inversion.hpp>
#include <noisefall/trajectory/karras.hpp>
#include <noisefall/trajectory/leading.hpp>
#include <noisefall/trajectory/level_list.hpp>
#include <noisefall/trajectory/linspace.hpp>
#include <noisefall/trajectory/lists.hpp>
#include <noisefall/trajectory/partial.hpp>
#include <noisefall/trajectory/polyexponential.hpp>
#include <noisefall/trajectory/quadratic.hpp>
#include <noisefall/trajectory/time_quadratic.hpp>
#include <noisefall/trajectory/time_uniform.hpp>
#include <noisefall/trajectory/trailing.hpp>
#include <noisefall/trajectory/uniform_lambda.hpp>
#include <noisefall/trajectory/vp_times.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

static_assert(nf::Spacing<nf::karras, nf::edm> && nf::Spacing<nf::beta, nf::any_schedule>);
static_assert(nf::Spacing<nf::trailing, nf::linear> && nf::Spacing<nf::trailing, nf::any_schedule>);
static_assert(!nf::Spacing<nf::trailing, nf::edm>);
static_assert(nf::Spacing<nf::image_to_image<nf::karras>, nf::linear>);

namespace {

using rule = std::function<nf::trajectory(const nf::any_schedule&)>;

std::vector<std::pair<std::string, rule>> rules(std::size_t n) {
  return {{"karras", nf::karras{.steps = n, .sigma_max = 12}},
          {"exponential", nf::exponential{.steps = n, .sigma_max = 12}},
          {"polyexponential", nf::polyexponential{.steps = n, .rho = 0.8, .sigma_max = 12}},
          {"uniform_lambda", nf::uniform_lambda{.steps = n, .sigma_max = 12}},
          {"beta", nf::beta{.steps = n, .sigma_max = 12}},
          {"time_uniform", nf::time_uniform{.steps = n}},
          {"time_quadratic", nf::time_quadratic{.steps = n}},
          {"vp_times", nf::vp_times{.steps = n}},
          {"flow_uniform", nf::flow_uniform{.steps = n, .shift = 3, .first = 0.95}}};
}

std::vector<std::pair<std::string, rule>> index_rules(std::size_t n) {
  return {{"linspace", nf::linspace{.steps = n}},
          {"leading", nf::leading{.steps = n}},
          {"trailing", nf::trailing{.steps = n}},
          {"quadratic", nf::quadratic{.steps = n}}};
}

std::vector<double> labels(const nf::trajectory& t) {
  std::vector<double> found;
  for (const nf::leg& l : t.legs()) found.push_back(l.label);
  return found;
}

}  // namespace

TEST_CASE("every rule makes n falling legs on every schedule, for n of 1, 2, 5 and 50") {
  const nf::scaled_linear table{};
  const std::vector<nf::any_schedule> schedules{
      table,    nf::zero_terminal_snr{table}, nf::vp_linear{}, nf::vp_table{table.alphas_cumprod()}, nf::edm{},
      nf::ve{}, nf::rectified_flow{}};
  for (const std::size_t n : {1u, 2u, 5u, 50u})
    for (const nf::any_schedule& schedule : schedules) {
      for (const auto& [name, make] : rules(n)) {
        INFO(name << " n " << n);
        if (name == "vp_times" && schedule.steps() == 1000 && n > 1) continue;  // reaches beyond this table
        CHECK(make(schedule).steps() == n);
      }
      if (schedule.steps() > 0)
        for (const auto& [name, make] : index_rules(n)) {
          INFO(name << " n " << n);
          CHECK(make(schedule).steps() == n);
        }
    }
}

TEST_CASE("every rule refuses to make no steps") {
  const nf::any_schedule schedule{nf::scaled_linear{}};
  for (const auto& [name, make] : rules(0))
    CHECK_THROWS_MATCHES(make(schedule), nf::error, Message(name + ": steps: 0; allowed: 1 or more"));
  for (const auto& [name, make] : index_rules(0)) CHECK_THROWS_AS(make(schedule), nf::error);
}

TEST_CASE("index rules refuse more steps than the table has, and schedules without a table") {
  for (const auto& [name, make] : index_rules(2000)) {
    CHECK_THROWS_MATCHES(make(nf::scaled_linear{}), nf::error, Message(name + ": steps: 2000; allowed: 1 to 1000"));
    CHECK_THROWS_MATCHES(make(nf::edm{}), nf::error,
                         Message(name + ": a continuous schedule; allowed: a schedule with a table of levels"));
  }
  for (const auto& [name, make] : index_rules(1000)) CHECK(make(nf::scaled_linear{}).steps() == 1000);
}

TEST_CASE("a rule meets the schedule's ends exactly, then ends in clean data") {
  const nf::linear table{};
  for (const nf::trajectory& t :
       {nf::karras{.steps = 7}(table), nf::exponential{.steps = 7}(table), nf::beta{.steps = 7}(table)}) {
    CHECK(t.front() == table.at(999));
    CHECK(t[6].from == table.at(0));
    CHECK(t.back() == nf::noise_level{0, 1, 0});
  }
  const nf::trajectory t = nf::karras{.steps = 7, .end = nf::final_level::sigma_min}(table);
  CHECK(t.steps() == 7);
  CHECK(t.front() == table.at(999));
  CHECK(t.back() == table.at(0));
}

TEST_CASE("Karras levels on a table have the sigmas of diffusers, and alpha and sigma on its circle") {
  const std::vector<double> expected{157.40728081040749, 36.90895160563345, 5.911208764768033, 0.49130117082418834,
                                     0.010000500037502566};
  const nf::trajectory t = nf::karras{.steps = 5}(nf::linear{});
  REQUIRE(t.steps() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK_THAT(t[i].from.rho(), WithinRel(expected[i], 1e-12));
    CHECK_THAT(std::hypot(t[i].from.alpha, t[i].from.sigma), WithinRel(1.0, 1e-15));
    CHECK(std::isnan(t[i].label));
  }
}

TEST_CASE("a schedule that starts at pure noise needs an upper end for rules over sigma") {
  CHECK_THROWS_MATCHES(
      (nf::karras{.steps = 5}(nf::rectified_flow{})), nf::error,
      Message("karras: sigma_min: 0.001001, sigma_max: inf; allowed: 0 < sigma_min <= sigma_max, both finite"));
  CHECK((nf::karras{.steps = 5, .sigma_max = 50}(nf::rectified_flow{})).steps() == 5);
}

TEST_CASE("index rules label every leg with its index") {
  const nf::linear table{};
  CHECK(labels(nf::trailing{.steps = 5}(table)) == std::vector<double>{999, 799, 599, 399, 199});
  CHECK(labels(nf::leading{.steps = 5, .steps_offset = 1}(table)) == std::vector<double>{801, 601, 401, 201, 1});
  CHECK(labels(nf::linspace{.steps = 5}(table)) == std::vector<double>{999, 749, 500, 250, 0});
  CHECK(labels(nf::linspace{.steps = 1}(table)) == std::vector<double>{999});
  CHECK(labels(nf::quadratic{.steps = 5}(table)) == std::vector<double>{800, 450, 200, 50, 0});
  CHECK(nf::trailing{.steps = 5}(table)[1].from == table.at(799));
  CHECK(nf::trailing{.steps = 5, .end = nf::final_level::sigma_min}(table).back() == table.at(0));
}

TEST_CASE("quadratic moves repeated indices up and never repeats one") {
  const nf::trajectory t = nf::quadratic{.steps = 50}(nf::linear{});
  CHECK(t.steps() == 50);
  CHECK(t[0].label == 800);
  CHECK(t[48].label == 1);
  CHECK(t[49].label == 0);
}

TEST_CASE("an index beyond the table is refused") {
  CHECK_THROWS_MATCHES((nf::leading{.steps = 1000, .steps_offset = 1}(nf::linear{})), nf::error,
                       Message("leading: index: 1000; allowed: 0 to 999"));
}

TEST_CASE("time rules have the figures of the official DPM-Solver") {
  const std::vector<double> quadratic{
      1.0, 0.6501592885125388, 0.3753389327688082, 0.17553893276880822, 0.05075928851253881, 0.001};
  const nf::trajectory q = nf::time_quadratic{.steps = 5}(nf::vp_linear{});
  for (std::size_t i = 0; i < 5; ++i) CHECK_THAT(q[i].from.t, WithinAbs(quadratic[i], 1e-15));
  CHECK(q.back().t == 0.001);
  const std::vector<double> snr{
      1.0, 0.7546907990233852, 0.4014315283821973, 0.06916728950316987, 0.005016179329970052, 0.0001};
  const nf::trajectory l = nf::uniform_lambda{.steps = 5}(nf::vp_linear{.t_end = 1e-4});
  for (std::size_t i = 0; i < 5; ++i) CHECK_THAT(l[i].from.t, WithinAbs(snr[i], 1e-13));
  CHECK(l.back().t == 1e-4);
  const nf::trajectory u = nf::time_uniform{.steps = 5, .end = nf::final_level::zero}(nf::vp_linear{});
  CHECK(u[4].from.t == 0.001);
  CHECK(u.back() == nf::noise_level{0, 1, 0});
}

TEST_CASE("rules over sigma have their own formulas inside") {
  const nf::edm s{.sigma_min = 0.1, .sigma_max = 10};
  const auto p = nf::polyexponential{.steps = 4, .rho = 2}(s);
  const auto e = nf::exponential{.steps = 4}(s);
  const auto k = nf::karras{.steps = 4, .rho = 3}(s);
  const auto u = nf::uniform_lambda{.steps = 4}(nf::vp_linear{});
  const auto v = nf::vp_times{.steps = 4, .t_last = 0.1}(nf::edm{});
  for (std::size_t i = 0; i < 4; ++i) {
    const double done = static_cast<double>(i) / 3, left = 1 - done;
    CHECK_THAT(e[i].from.sigma, WithinRel(0.1 * std::pow(100, left), 1e-13));
    CHECK_THAT(p[i].from.sigma, WithinRel(0.1 * std::pow(100, left * left), 1e-13));
    CHECK_THAT(k[i].from.sigma, WithinRel(std::pow(left * std::cbrt(10) + done * std::cbrt(0.1), 3), 1e-13));
    const double t = 1 - 0.9 * done;
    CHECK_THAT(v[i].from.sigma, WithinRel(std::sqrt(std::expm1(19.9 * t * t / 2 + 0.1 * t)), 1e-13));
    CHECK_THAT(u[i].to.lambda() - u[i].from.lambda(), WithinRel((u.back().lambda() - u.front().lambda()) / 4, 1e-12));
  }
}

TEST_CASE("uniform flow is even from pure noise to data, and its shift divides the signal-to-noise ratio") {
  const nf::trajectory plain = nf::flow_uniform{.steps = 4}(nf::rectified_flow{});
  CHECK(plain.front() == nf::noise_level{1, 0, 1});
  CHECK(plain[1].from == nf::noise_level{0.75, 0.25, 0.75});
  CHECK(plain[3].from == nf::noise_level{0.25, 0.75, 0.25});
  CHECK(plain.back() == nf::noise_level{0, 1, 0});
  const nf::trajectory shifted = nf::flow_uniform{.steps = 4, .shift = 3}(nf::rectified_flow{});
  CHECK(shifted.front() == plain.front());
  for (std::size_t i = 1; i < 4; ++i)
    CHECK_THAT(shifted[i].from.lambda(), WithinAbs(plain[i].from.lambda() - std::log(3.0), 1e-14));
}

TEST_CASE("flow rules have the sigmas of diffusers between the same ends") {
  const std::vector<double> sigmas =
      nf::flow_uniform{.steps = 5, .mu = 1.4, .law = nf::shift_law::linear, .last = 0.001}.sigmas();
  const std::vector<double> expected{1.0, 0.8078993923544342, 0.5838193634394266, 0.3190493501772243,
                                     0.0013994402239104358};
  for (std::size_t i = 0; i < 5; ++i) CHECK_THAT(sigmas[i], WithinRel(expected[i], 1e-14));
  const std::vector<double> stretched = nf::flow_uniform{.steps = 10, .terminal = 0.1, .last = 0.001}.sigmas();
  for (std::size_t i = 0; i < 10; ++i) CHECK_THAT(stretched[i], WithinAbs(1 - 0.1 * static_cast<double>(i), 1e-15));
  CHECK_THAT((nf::flow_uniform{.steps = 3, .mu = std::log(3.0)}.sigmas()[1]),
             WithinRel((nf::flow_uniform{.steps = 3, .shift = 3}.sigmas()[1]), 1e-15));
}

TEST_CASE("a flow's other grids keep the ends that the shift gave") {
  for (const auto grid : {nf::flow_grid::karras, nf::flow_grid::exponential, nf::flow_grid::beta}) {
    const std::vector<double> plain = nf::flow_uniform{.steps = 6, .shift = 3}.sigmas();
    const std::vector<double> other = nf::flow_uniform{.steps = 6, .shift = 3, .grid = grid}.sigmas();
    CHECK(other.front() == 1);
    CHECK_THAT(other.back(), WithinRel(plain.back(), 1e-14));
    CHECK(std::abs(other[2] - plain[2]) > 1e-3);
  }
}

TEST_CASE("one step of a stretched flow starts at pure noise") {
  const nf::trajectory t = nf::flow_uniform{.steps = 1, .terminal = 0.1}(nf::rectified_flow{});
  CHECK(t.steps() == 1);
  CHECK(t.front() == nf::noise_level{1, 0, 1});
}

TEST_CASE("flow settings out of range are refused") {
  CHECK_THROWS_AS((nf::flow_uniform{.steps = 4, .shift = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::flow_uniform{.steps = 4, .shift = 3, .mu = 1}.check()), nf::error);
  CHECK_THROWS_AS((nf::flow_uniform{.steps = 4, .mu = -1, .law = nf::shift_law::linear}.check()), nf::error);
  CHECK_THROWS_AS((nf::flow_uniform{.steps = 4, .terminal = 1}.check()), nf::error);
  CHECK_THROWS_AS((nf::flow_uniform{.steps = 4, .first = 1.5}.check()), nf::error);
  CHECK_THROWS_AS((nf::flow_uniform{.steps = 4, .first = 0.5, .last = 0.6}.check()), nf::error);
}

TEST_CASE("a list of sigmas is taken as it is") {
  const std::vector<double> ays{14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0};
  const nf::trajectory t = nf::sigma_list{ays}(nf::scaled_linear{});
  CHECK(t.steps() == 10);
  for (std::size_t i = 0; i < 10; ++i) CHECK_THAT(t[i].from.rho(), WithinRel(ays[i], 1e-15));
  CHECK(t.back() == nf::noise_level{0, 1, 0});
  CHECK_THROWS_AS(nf::sigma_list{{3.0}}(nf::edm{}), nf::error);
  CHECK_THROWS_AS((nf::sigma_list{{3.0, 3.0}}(nf::edm{})), nf::error);
  CHECK_THROWS_AS((nf::sigma_list{{3.0, -1.0}}(nf::edm{})), nf::error);
  const std::vector<double> flow{1.0, 0.5, 0.0};
  CHECK(nf::levels_from_flow_sigmas(nf::rectified_flow{}, flow)[1] == nf::noise_level{0.5, 0.5, 0.5});
}

TEST_CASE("a list of times labels its legs with them") {
  const nf::scaled_linear table{};
  const nf::trajectory t = nf::time_list{{999, 500.5, 20}}(table);
  CHECK(labels(t) == std::vector<double>{999, 500.5, 20});
  CHECK(t[1].from == table.at(500.5));
  CHECK_THROWS_MATCHES(nf::time_list{{1000.0}}(table), nf::error,
                       Message("time_list: time: 1000.000000; allowed: 0.000000 to 999.000000"));
  CHECK_THROWS_AS(nf::time_list{}(table), nf::error);
}

TEST_CASE("a list of a flow's sigmas is taken as it is") {
  const std::vector<double> sigmas{1, 0.75, 0.3, 0};
  const nf::trajectory t = nf::flow_sigma_list{sigmas}(nf::rectified_flow{});
  REQUIRE(t.steps() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(t[i].from == nf::noise_level{sigmas[i], 1 - sigmas[i], sigmas[i]});
  CHECK(t.back() == nf::noise_level{0, 1, 0});
  CHECK_THAT((nf::flow_sigma_list{{0.75, 0.0}}(nf::vp_linear{}).front().rho()), WithinRel(3.0, 1e-15));
  CHECK_THROWS_MATCHES((nf::flow_sigma_list{{1.5, 0.0}}(nf::rectified_flow{})), nf::error,
                       Message("level_at_flow_sigma: sigma: 1.500000; allowed: 0 to 1"));
  CHECK_THROWS_AS(nf::flow_sigma_list{{0.5}}.check(), nf::error);
}

TEST_CASE("a list of indices labels its legs with them and takes the table's levels") {
  const nf::scaled_linear table{};
  const std::vector<long> ays{999, 850, 736, 645, 545, 455, 343, 233, 124, 24};
  const nf::trajectory t = nf::index_list{ays}(table);
  REQUIRE(t.steps() == 10);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(t[i].label == static_cast<double>(ays[i]));
    CHECK(t[i].from == table.at(static_cast<double>(ays[i])));
  }
  CHECK(t.back() == nf::noise_level{0, 1, 0});
  CHECK((nf::index_list{{500, 100}, nf::final_level::sigma_min}(table).back() == table.at(0)));
  CHECK_THROWS_MATCHES((nf::index_list{{1000}}(table)), nf::error,
                       Message("index_list: index: 1000; allowed: 0 to 999"));
  CHECK_THROWS_AS((nf::index_list{{100, 500}}(table)), nf::error);
  CHECK_THROWS_MATCHES(nf::index_list{}.check(), nf::error, Message("index_list: no indices; allowed: one or more"));
  CHECK_THROWS_AS((nf::index_list{{500}}(nf::any_schedule{nf::edm{}})), nf::error);
}

TEST_CASE("a list of levels is taken as it is, with its labels") {
  const nf::level_list list{.alphas = {0, 0.5, 1, 1}, .sigmas = {1, 0.5, 0.25, 0}, .labels = {999, 400.5, 7}};
  const nf::trajectory t = list(nf::rectified_flow{});
  CHECK(labels(t) == std::vector<double>{999, 400.5, 7});
  CHECK(t[0].from == nf::noise_level{1, 0, 1});
  CHECK(t[1].from == nf::noise_level{0.5, 0.5, 0.5});
  CHECK_THAT(t[2].from.t, WithinRel(0.2, 1e-15));  // where rho is 1/4 on the flow
  CHECK(t[2].from.alpha == 1);
  CHECK(t[2].from.sigma == 0.25);
  CHECK(t.back() == nf::noise_level{0, 1, 0});
  const nf::level_list open{.alphas = {1, 1}, .sigmas = {3, 1}};
  CHECK(std::isnan(open(nf::edm{})[0].label));
  CHECK(open(nf::edm{}).front().sigma == 3);
  CHECK_THAT(open(nf::edm{}).front().t, WithinRel(3.0, 1e-15));
  CHECK_THROWS_MATCHES((nf::level_list{.alphas = {1, 1}, .sigmas = {3}}.check()), nf::error,
                       Message("level_list: 2 alphas, 1 sigmas; allowed: two or more, as many of each"));
  CHECK_THROWS_MATCHES((nf::level_list{.alphas = {1, 1}, .sigmas = {3, 1}, .labels = {1, 2}}.check()), nf::error,
                       Message("level_list: 2 labels for 2 levels; allowed: none, or one per leg"));
  CHECK_THROWS_AS((nf::level_list{.alphas = {1, 1}, .sigmas = {1, 3}}(nf::edm{})), nf::error);
  CHECK_THROWS_AS((nf::level_list{.alphas = {1, -1}, .sigmas = {3, 1}}(nf::edm{})), nf::error);
  CHECK_THROWS_AS((nf::level_list{.alphas = {1, 1}, .sigmas = {3, std::nan("")}}(nf::edm{})), nf::error);
}

TEST_CASE("a partial trajectory is the clean end of the whole one") {
  const nf::trajectory whole = nf::trailing{.steps = 10}(nf::linear{});
  const nf::trajectory part = nf::partial(whole, 0.3);
  CHECK(labels(part) == std::vector<double>{299, 199, 99});
  CHECK(part.back() == whole.back());
  CHECK(nf::partial(whole, 1).steps() == 10);
  CHECK(nf::partial(nf::trailing{.steps = 100}(nf::linear{}), 0.29).steps() == 29);
  CHECK_THROWS_MATCHES(nf::partial(whole, 0.05), nf::error,
                       Message("partial: strength: 0.050000 of 10 steps leaves none; allowed: at least 1 / 10"));
  CHECK_THROWS_AS(nf::partial(whole, 1.5), nf::error);
  CHECK(nf::image_to_image{nf::karras{.steps = 30}, 0.6}(nf::linear{}).steps() == 18);
  CHECK_THROWS_AS((nf::image_to_image{nf::karras{.steps = 30}, 0.0}.check()), nf::error);
}

TEST_CASE("an inversion rises through the same levels with their labels") {
  const nf::trajectory down = nf::trailing{.steps = 3, .end = nf::final_level::sigma_min}(nf::linear{});
  const nf::trajectory up = nf::inversion(down);
  CHECK(up.kind() == nf::trajectory_kind::inversion);
  REQUIRE(up.steps() == 3);
  CHECK(up.front() == down.back());
  CHECK(up.back() == down.front());
  CHECK(std::isnan(up[0].label));
  CHECK(up[1].label == 332);
  CHECK(up[2].label == 666);
  CHECK(up[2].from == nf::linear{}.at(666));
  CHECK_THROWS_AS(nf::inversion(up), nf::error);
}

TEST_CASE("settings out of range are refused by every rule") {
  CHECK_THROWS_AS((nf::karras{.steps = 5, .rho = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::polyexponential{.steps = 5, .rho = -1}.check()), nf::error);
  CHECK_THROWS_AS((nf::beta{.steps = 5, .a = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::vp_times{.steps = 5, .t_last = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::karras{.steps = 5, .sigma_min = 3, .sigma_max = 2}(nf::edm{})), nf::error);
  CHECK_THROWS_MATCHES((nf::karras{.steps = 5, .sigma_min = 3, .sigma_max = 3}(nf::edm{})), nf::error,
                       Message("karras: sigma_min: 3.000000, sigma_max: 3.000000; allowed: sigma_min below sigma_max"));
}
