// Every schedule: the concept, the ends, and that time_of is the reverse of at.
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/schedule/constant_beta.hpp>
#include <noisefall/schedule/cosine.hpp>
#include <noisefall/schedule/edm.hpp>
#include <noisefall/schedule/exponential_decay.hpp>
#include <noisefall/schedule/flow.hpp>
#include <noisefall/schedule/jsd.hpp>
#include <noisefall/schedule/laplace.hpp>
#include <noisefall/schedule/linear.hpp>
#include <noisefall/schedule/scaled_linear.hpp>
#include <noisefall/schedule/sigmoid.hpp>
#include <noisefall/schedule/snr_shift.hpp>
#include <noisefall/schedule/sub_vp.hpp>
#include <noisefall/schedule/trigflow.hpp>
#include <noisefall/schedule/ve.hpp>
#include <noisefall/schedule/ve_sqrt.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/schedule/vp_cosine.hpp>
#include <noisefall/schedule/vp_table.hpp>
#include <noisefall/schedule/wuerstchen.hpp>
#include <noisefall/schedule/zero_terminal_snr.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

static_assert(nf::NoiseSchedule<nf::discrete_schedule> && nf::DiscreteSchedule<nf::discrete_schedule>);
static_assert(nf::DiscreteSchedule<nf::linear> && nf::DiscreteSchedule<nf::scaled_linear>);
static_assert(nf::DiscreteSchedule<nf::cosine> && nf::DiscreteSchedule<nf::zero_terminal_snr>);
static_assert(nf::DiscreteSchedule<nf::snr_shift> && nf::DiscreteSchedule<nf::any_schedule>);
static_assert(nf::NoiseSchedule<nf::vp_linear> && nf::NoiseSchedule<nf::vp_table> && nf::NoiseSchedule<nf::ve>);
static_assert(nf::NoiseSchedule<nf::edm> && nf::NoiseSchedule<nf::rectified_flow> && nf::NoiseSchedule<nf::trig_flow>);
static_assert(nf::DiscreteSchedule<nf::sigmoid> && nf::DiscreteSchedule<nf::exponential_decay>);
static_assert(nf::DiscreteSchedule<nf::laplace> && nf::DiscreteSchedule<nf::jsd>);
static_assert(nf::DiscreteSchedule<nf::constant_beta> && nf::NoiseSchedule<nf::vp_cosine>);
static_assert(nf::NoiseSchedule<nf::sub_vp> && nf::NoiseSchedule<nf::wuerstchen> && nf::NoiseSchedule<nf::ve_sqrt>);
static_assert(!nf::DiscreteSchedule<nf::edm> && !nf::DiscreteSchedule<nf::vp_table>);

namespace {

std::vector<std::pair<std::string, nf::any_schedule>> all_schedules() {
  const nf::scaled_linear table{};
  return {{"linear", nf::linear{}},
          {"scaled_linear", table},
          {"scaled_linear by sigma", nf::scaled_linear{{.rule = nf::between::sigma}}},
          {"scaled_linear by log_alpha", nf::scaled_linear{{.rule = nf::between::log_alpha}}},
          {"cosine", nf::cosine{}},
          {"zero_terminal_snr", nf::zero_terminal_snr{table}},
          {"zero_terminal_snr by sigma", nf::zero_terminal_snr{nf::linear{{.rule = nf::between::sigma}}}},
          {"snr_shift", nf::snr_shift{table}},
          {"sigmoid", nf::sigmoid{}},
          {"exponential_decay", nf::exponential_decay{}},
          {"laplace", nf::laplace{}},
          {"laplace as a root", nf::laplace{{.as_root = true}}},
          {"jsd", nf::jsd{}},
          {"constant_beta", nf::constant_beta{{.train_steps = 300}}},
          {"constant_beta, warmup", nf::constant_beta{{.warmup = 0.5}}},
          {"vp_cosine", nf::vp_cosine{}},
          {"vp_cosine to pure noise", nf::vp_cosine{.t_end = 0, .t_start = 1}},
          {"sub_vp", nf::sub_vp{}},
          {"wuerstchen", nf::wuerstchen{}},
          {"wuerstchen, warped", nf::wuerstchen{.scaler = 2}},
          {"wuerstchen, warped back", nf::wuerstchen{.scaler = 0.5}},
          {"ve_sqrt", nf::ve_sqrt{}},
          {"vp_linear", nf::vp_linear{}},
          {"vp_linear with constant beta", nf::vp_linear{.beta_0 = 3, .beta_1 = 3}},
          {"vp_table", nf::vp_table{table.alphas_cumprod()}},
          {"ve", nf::ve{}},
          {"edm", nf::edm{}},
          {"rectified_flow", nf::rectified_flow{}},
          {"trig_flow", nf::trig_flow{}}};
}

// A user's schedule without at_rho.
struct bare {
  noisefall::noise_level at(double t) const { return {t, 1, t}; }
  double time_of(double lambda) const { return std::exp(-lambda); }
  double t_min() const { return 0.1; }
  double t_max() const { return 10; }
};

}  // namespace

TEST_CASE("time_of is the reverse of at on every schedule") {
  for (const auto& [name, schedule] : all_schedules()) {
    INFO(name);
    const double low = schedule.t_min(), high = schedule.t_max();
    for (int i = 0; i <= 700; ++i) {
      const double t = low + (high - low) * i / 700;
      CHECK_THAT(schedule.time_of(schedule.at(t).lambda()), WithinAbs(t, 2e-14 * high));
    }
  }
}

TEST_CASE("a level found by its sigma / alpha lies on the schedule's own curve") {
  for (const auto& [name, schedule] : all_schedules()) {
    INFO(name);
    const double low = schedule.t_min(), high = schedule.t_max();
    for (int i = 0; i <= 300; ++i) {
      const nf::noise_level level = schedule.at(low + (high - low) * i / 300);
      const nf::noise_level found = nf::level_at_rho(schedule, level.rho());
      CHECK_THAT(found.t, WithinAbs(level.t, 2e-14 * high));
      CHECK_THAT(found.alpha, WithinAbs(level.alpha, 1e-15));
      CHECK_THAT(found.sigma, WithinRel(level.sigma, 1e-13));
    }
  }
}

TEST_CASE("a level found by its sigma / alpha beyond the table still has that ratio") {
  const nf::scaled_linear table{};
  for (const double rho : {1e-4, 0.5, 300.0}) CHECK_THAT(nf::level_at_rho(table, rho).rho(), WithinRel(rho, 1e-15));
  CHECK(nf::level_at_rho(table, 300.0).t == 999);
  CHECK(nf::level_at_rho(table, 1e-4).t == 0);
}

TEST_CASE("levels fall strictly towards clean data as time falls") {
  for (const auto& [name, schedule] : all_schedules()) {
    INFO(name);
    double above = std::numeric_limits<double>::infinity();
    for (int i = 400; i >= 0; --i) {
      const double rho = schedule.at(schedule.t_min() + (schedule.t_max() - schedule.t_min()) * i / 400).rho();
      CHECK((rho < above || (i == 400 && std::isinf(rho))));
      above = rho;
    }
  }
}

TEST_CASE("the clean level is alpha 1 and sigma 0 at a finite time") {
  for (const auto& [name, schedule] : all_schedules()) {
    INFO(name);
    const nf::noise_level clean = nf::clean_level(schedule);
    CHECK(clean.alpha == 1);
    CHECK(clean.sigma == 0);
    CHECK(std::isfinite(clean.t));
    CHECK(clean.t <= schedule.t_min());
  }
}

TEST_CASE("pure noise has alpha 0 exactly where a schedule reaches it") {
  const nf::noise_level table = nf::zero_terminal_snr{nf::linear{}}.at(999);
  CHECK(table.alpha == 0);
  CHECK(table.sigma == 1);
  const nf::noise_level flow = nf::rectified_flow{}.at(1);
  CHECK(flow.alpha == 0);
  CHECK(flow.sigma == 1);
  const nf::noise_level trig = nf::trig_flow{}.at(nf::trig_flow{}.t_max());
  CHECK(trig.alpha == 0);
  CHECK(trig.sigma == 0.5);
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(nf::level_at_rho(nf::rectified_flow{}, infinity) == flow);
  CHECK(nf::level_at_rho(nf::zero_terminal_snr{nf::linear{}}, infinity) == table);
  CHECK(nf::level_at_rho(nf::trig_flow{}, infinity) == trig);
}

TEST_CASE("a flow sigma gives exactly the flow's level, and the same ratio elsewhere") {
  for (const double sigma : {0.0, 0.1, 0.3, 0.7, 1.0})
    CHECK(nf::level_at_flow_sigma(nf::rectified_flow{}, sigma) == nf::noise_level{sigma, 1 - sigma, sigma});
  CHECK_THAT(nf::level_at_flow_sigma(nf::vp_linear{}, 0.75).rho(), WithinRel(3.0, 1e-15));
  CHECK_THROWS_AS(nf::level_at_flow_sigma(nf::rectified_flow{}, 1.5), nf::error);
}

TEST_CASE("a user's schedule needs no more than the concept") {
  CHECK_THAT(nf::level_at_rho(bare{}, 2.0).sigma, WithinRel(2.0, 1e-15));
  CHECK_THAT(nf::level_at_lambda(bare{}, 0.5).lambda(), WithinRel(0.5, 1e-15));
  CHECK(nf::clean_level(bare{}) == nf::noise_level{0, 1, 0});
}

TEST_CASE("the erased schedule gives the bits of the one inside") {
  const nf::scaled_linear table{};
  const nf::any_schedule erased{table};
  const nf::any_schedule copy = erased;
  for (const double t : {0.0, 0.4, 17.25, 998.5, 999.0}) {
    CHECK(copy.at(t) == table.at(t));
    CHECK(copy.time_of(table.at(t).lambda()) == table.time_of(table.at(t).lambda()));
    CHECK(copy.at_rho(table.at(t).rho()) == table.at_rho(table.at(t).rho()));
  }
  CHECK(copy.steps() == 1000);
  CHECK(nf::any_schedule{nf::edm{}}.steps() == 0);
  CHECK_THROWS_AS((nf::any_schedule{nf::edm{.sigma_min = 3, .sigma_max = 2}}.check()), nf::error);
}

TEST_CASE("the continuous linear process meets the figures of the official DPM-Solver") {
  const nf::vp_linear vp{};
  CHECK_THAT(vp.at(1).alpha, WithinRel(0.006571586494929619, 1e-14));
  CHECK_THAT(vp.at(1).sigma, WithinRel(0.9999784068923386, 1e-14));
  CHECK_THAT(vp.at(0.6004).alpha, WithinRel(0.16147437849419097, 1e-14));
  CHECK_THAT(vp.at(0.2008).sigma, WithinRel(0.5863338140353548, 1e-14));
  CHECK(vp.at(0) == nf::noise_level{0, 1, 0});
  CHECK(vp.time_of(std::numeric_limits<double>::infinity()) == 0);
}

TEST_CASE("the exploding, EDM, flow and circular paths are their formulas") {
  const nf::ve ve{};
  CHECK(ve.at(0) == nf::noise_level{0, 1, 0.01});
  CHECK_THAT(ve.at(1).sigma, WithinRel(50.0, 1e-14));
  CHECK_THAT(ve.at(0.5).sigma, WithinRel(std::sqrt(0.5), 1e-14));
  CHECK_THAT((nf::ve{.sigma_min = 0.02, .sigma_max = 100}.at(0.25).sigma), WithinRel(0.16817928305074292, 1e-13));
  CHECK(nf::edm{}.at(3.5) == nf::noise_level{3.5, 1, 3.5});
  CHECK(nf::edm{}.t_min() == 0.002);
  CHECK(nf::edm{}.t_max() == 80);
  CHECK(nf::rectified_flow{}.at(0.3) == nf::noise_level{0.3, 0.7, 0.3});
  const nf::noise_level quarter = nf::trig_flow{.sigma_data = 2}.at(std::acos(0.6));
  CHECK_THAT(quarter.alpha, WithinRel(0.6, 1e-15));
  CHECK_THAT(quarter.sigma, WithinRel(1.6, 1e-15));
}

TEST_CASE("the table read as a continuous process meets the figures of the official DPM-Solver") {
  const nf::vp_table table{nf::linear{}.alphas_cumprod()};
  CHECK(table.length() == 1000);
  CHECK_THAT(table.at(1).alpha, WithinRel(0.006352818087570031, 1e-13));
  CHECK_THAT(table.at(0.8002).alpha, WithinRel(0.039078690186276396, 1e-13));
  CHECK_THAT(table.at(0.6004).sigma, WithinRel(0.9870389168814276, 1e-13));
}

TEST_CASE("the table read as a continuous process leaves out what is noisier than the clip") {
  const nf::vp_table table{nf::cosine{}.alphas_cumprod()};
  CHECK(table.length() == 996);
  CHECK(table.at(1).lambda() >= -5.1);
  CHECK(table.t_min() == 1.0 / 996);
}

// Figures computed from the formulas in 40 digits.
TEST_CASE("the tables of sigmoid, exp, laplace and constant beta are their products") {
  const auto has = [](const nf::discrete_schedule& table, const std::vector<std::pair<std::size_t, double>>& bars) {
    for (const auto& [index, bar] : bars) CHECK_THAT(table.alpha_cumprod(index), WithinRel(bar, 1e-12));
  };
  has(nf::sigmoid{},
      {{0, 0.99985079479918297}, {250, 0.90279891622464112}, {500, 0.2988876278467589}, {999, 3.9681819905332078e-5}});
  has(nf::exponential_decay{}, {{0, 0.98807171286193054}, {499, 0.0024787521766663584}, {999, 6.1442123533282098e-6}});
  has(nf::laplace{}, {{0, 0.95813996704287001},
                      {249, 0.5863719811814261},
                      {499, 0.50049987487506256},
                      {749, 0.4146280188185739},
                      {999, 0.001}});
  has(nf::laplace{{.as_root = true}}, {{0, 0.97884624279958801},
                                       {249, 0.76574929394771635},
                                       {499, 0.70746015780046763},
                                       {749, 0.64391615822137427},
                                       {999, 0.031622776601683793}});
  has(nf::constant_beta{},
      {{0, 0.98}, {99, 0.13261955589475319}, {499, 4.1023985145472589e-5}, {999, 1.6829673572159556e-9}});
  has(nf::constant_beta{{.warmup = 0.1}},
      {{0, 0.9999}, {99, 0.36356324805549192}, {499, 0.00011246315211238269}, {999, 4.6136866816714118e-9}});
  has(nf::constant_beta{{.warmup = 0.5}},
      {{0, 0.9999}, {99, 0.81246151920026948}, {499, 0.00635271079701505}, {999, 2.6061351337022874e-7}});
}

TEST_CASE("jsd takes an equal share of the power away at every index, down to none") {
  const nf::jsd table{};
  double product = 1;
  for (std::size_t i = 0; i < 1000; ++i) {
    CHECK(table.alpha_cumprod(i) == static_cast<double>(999 - i) / 1000);
    product *= 1 - 1 / static_cast<double>(1000 - i);
    CHECK_THAT(table.alpha_cumprod(i), WithinAbs(product, 1e-12));
  }
  CHECK(table.at(999) == nf::noise_level{999, 0, 1});
  CHECK(nf::jsd{{.train_steps = 2}}.steps() == 2);
}

TEST_CASE("the cosine's table has the sigmas of EDM's recursion for improved DDPM") {
  const nf::cosine table{};
  CHECK_THAT(table.at(999).rho(), WithinRel(20291.169610021508, 1e-9));
  CHECK_THAT(table.at(991).rho(), WithinRel(80.203701845474337, 1e-10));
  CHECK_THAT(table.at(499).rho(), WithinRel(1.0123895639480042, 1e-12));
  CHECK_THAT(table.at(0).rho(), WithinRel(0.0064254127711271708, 1e-10));
}

TEST_CASE("sub-VP has the signal of VP and the square of its noise") {
  const nf::sub_vp sub{};
  for (const double t : {0.0, 1e-9, 0.001, 0.4, 1.0}) {
    const nf::noise_level vp = nf::vp_linear{}.at(t), less = sub.at(t);
    CHECK(less.alpha == vp.alpha);
    CHECK_THAT(less.sigma, WithinRel(vp.sigma * vp.sigma, 1e-14));
  }
  CHECK_THAT(sub.at(0.6004).alpha, WithinRel(0.16147437849419098, 1e-14));
  CHECK_THAT(sub.at(0.6004).sigma, WithinRel(0.97392602508991475, 1e-14));
  CHECK_THAT(sub.at(0.001).sigma, WithinRel(0.00010994395572027488, 1e-14));
  CHECK(sub.at(0) == nf::noise_level{0, 1, 0});
  CHECK(sub.time_of(std::numeric_limits<double>::infinity()) == 0);
  CHECK_THAT(sub.at_rho(1e-9).rho(), WithinRel(1e-9, 1e-15));
}

TEST_CASE("the continuous cosine has its figures, at small times as well") {
  const nf::vp_cosine vp{};
  const auto has = [&](double t, double alpha, double sigma) {
    CHECK_THAT(vp.at(t).alpha, WithinRel(alpha, 1e-13));
    CHECK_THAT(vp.at(t).sigma, WithinRel(sigma, 1e-13));
  };
  has(0.9946, 0.0084155349593612606, 0.99996458875869588);
  has(0.5, 0.70274005894116902, 0.71144670184024487);
  has(0.001, 0.99997935767453631, 0.0064252801356655106);
  CHECK_THAT(vp.at(1e-9).sigma, WithinRel(6.2334804204950394e-6, 1e-7));  // of a time 1e-9 beside 0.008
  CHECK(vp.at(0) == nf::noise_level{0, 1, 0});
  CHECK(vp.at(1) == nf::noise_level{1, 0, 1});
}

TEST_CASE("Wuerstchen's process is the cosine inside its clamp, warped by its scaler") {
  const auto has = [](double scaler, double t, double alpha, double sigma) {
    const nf::noise_level level = nf::wuerstchen{.scaler = scaler}.at(t);
    CHECK(level.t == t);
    CHECK_THAT(level.alpha, WithinRel(alpha, 1e-13));
    CHECK_THAT(level.sigma, WithinRel(sigma, 1e-13));
  };
  has(1, 0.5, 0.70274005894116902, 0.71144670184024487);
  has(2, 0.5, 0.3798316763853901, 0.92505561865990755);
  has(0.5, 0.5, 0.44077542140602846, 0.89761741732451807);
  has(2, 0.25, 0.76860253722905263, 0.63972661330060575);
  for (const double t : {0.0, 0.001}) has(1, t, 0.9999499987499375, 0.01);
  for (const double t : {0.999, 1.0}) has(1, t, 0.01, 0.9999499987499375);
  CHECK_THAT(nf::wuerstchen{}.t_min(), WithinAbs(0.0023, 1e-4));
  CHECK_THAT(nf::wuerstchen{}.t_max(), WithinAbs(0.9936, 1e-4));
}

TEST_CASE("EDM's VE process has its time for a variance") {
  CHECK(nf::ve_sqrt{}.at(9) == nf::noise_level{9, 1, 3});
  CHECK(nf::ve_sqrt{}.t_max() == 10000);
  CHECK_THAT(nf::ve_sqrt{}.time_of(-std::log(3.0)), WithinRel(9.0, 1e-15));
}

TEST_CASE("settings out of range are refused with where, what and what is allowed") {
  CHECK_THROWS_AS((nf::sigmoid{{.beta_start = 0.5, .beta_end = 0.1}}), nf::error);
  CHECK_THROWS_AS((nf::exponential_decay{{.train_steps = 0}}), nf::error);
  CHECK_THROWS_AS((nf::laplace{{.train_steps = 0}}), nf::error);
  CHECK_THROWS_MATCHES((nf::jsd{{.train_steps = 1}}), nf::error, Message("jsd: train_steps: 1; allowed: 2 or more"));
  CHECK_THROWS_AS((nf::constant_beta{{.warmup = 1.5}}), nf::error);
  CHECK_THROWS_AS((nf::sub_vp{.beta_0 = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::vp_cosine{.t_end = 0.5, .t_start = 0.4}.check()), nf::error);
  CHECK_THROWS_AS((nf::vp_cosine{.s = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::wuerstchen{.scaler = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::ve_sqrt{.sigma_min = 3, .sigma_max = 2}.check()), nf::error);
  CHECK_THROWS_MATCHES((nf::scaled_linear{{.beta_start = 0.5, .beta_end = 0.1}}), nf::error,
                       Message("scaled_linear: beta_start: 0.500000, beta_end: 0.100000; allowed: 0 < beta_start <= "
                               "beta_end < 1"));
  CHECK_THROWS_AS((nf::linear{{.train_steps = 0}}), nf::error);
  CHECK_THROWS_AS((nf::cosine{{.train_steps = 0}}), nf::error);
  CHECK_THROWS_AS((nf::vp_linear{.beta_0 = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::ve{.sigma_min = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::rectified_flow{.t_end = 1}.check()), nf::error);
  CHECK_THROWS_AS((nf::trig_flow{.sigma_data = 0}.check()), nf::error);
  CHECK_THROWS_AS((nf::snr_shift{nf::linear{}, 0}), nf::error);
  CHECK_THROWS_AS((nf::vp_table{std::vector<double>{0.5}}), nf::error);
  CHECK_NOTHROW(nf::vp_linear{}.check());
}
