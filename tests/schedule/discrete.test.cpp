// The discrete table, the betas it is made from, and the wrappers around it.
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <noisefall/schedule/cosine.hpp>
#include <noisefall/schedule/discrete.hpp>
#include <noisefall/schedule/linear.hpp>
#include <noisefall/schedule/scaled_linear.hpp>
#include <noisefall/schedule/snr_shift.hpp>
#include <noisefall/schedule/zero_terminal_snr.hpp>

#include "catch.hpp"

namespace nf = noisefall;
using Catch::Matchers::Message;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

TEST_CASE("a table is exact at its indices under every rule") {
  for (const auto rule : {nf::between::log_sigma, nf::between::sigma, nf::between::log_alpha}) {
    const nf::linear table{{.rule = rule}};
    for (std::size_t i = 0; i < table.steps(); ++i) {
      const nf::noise_level level = table.at(static_cast<double>(i));
      REQUIRE(level.alpha == std::sqrt(table.alpha_cumprod(i)));
      REQUIRE(level.sigma == std::sqrt(1 - table.alpha_cumprod(i)));
      REQUIRE(level.t == static_cast<double>(i));
    }
  }
}

TEST_CASE("between two indices the rule says what is linear") {
  const auto half = [](nf::between rule) { return nf::linear{{.rule = rule}}.at(500.5); };
  const nf::linear table{};
  const nf::noise_level a = table.at(500), b = table.at(501);
  CHECK_THAT(half(nf::between::log_sigma).lambda(), WithinRel((a.lambda() + b.lambda()) / 2, 1e-14));
  CHECK_THAT(half(nf::between::sigma).rho(), WithinRel((a.rho() + b.rho()) / 2, 1e-14));
  CHECK_THAT(std::log(half(nf::between::log_alpha).alpha),
             WithinRel((std::log(a.alpha) + std::log(b.alpha)) / 2, 1e-14));
  CHECK(table.rule() == nf::between::log_sigma);
}

TEST_CASE("times outside the table are its ends") {
  const nf::linear table{};
  CHECK(table.at(-3) == table.at(0));
  CHECK(table.at(1e9) == table.at(999));
  CHECK(table.time_of(std::numeric_limits<double>::infinity()) == 0);
  CHECK(table.time_of(-std::numeric_limits<double>::infinity()) == 999);
}

TEST_CASE("the tables have the sigmas that diffusers computes") {
  const nf::linear linear{};
  CHECK_THAT(linear.at(999).rho(), WithinRel(157.40728081040757, 1e-13));
  CHECK_THAT(linear.at(799).rho(), WithinRel(25.528481389204856, 1e-13));
  CHECK_THAT(linear.at(0).rho(), WithinRel(0.010000500037502575, 1e-12));
  const nf::scaled_linear scaled{};
  CHECK_THAT(scaled.at(999).rho(), WithinRel(14.614641229333635, 1e-13));
  CHECK_THAT(scaled.at(500).rho(), WithinRel(1.6182788260186163, 1e-13));
  CHECK_THAT(scaled.at(100).rho(), WithinRel(0.3439312264488857, 1e-13));
}

TEST_CASE("the cosine table's products telescope to the published function until the cap") {
  const nf::cosine table{};
  const auto f = [](double u) { return std::pow(std::cos((u + 0.008) / 1.008 * std::acos(0.0)), 2); };
  for (std::size_t i = 0; i < 999; ++i) {
    const double last = static_cast<double>(i + 1) / 1000;
    if (1 - f(last) / f(last - 0.001) >= 0.999) break;
    CHECK_THAT(table.alpha_cumprod(i), WithinRel(f(last) / f(0), 1e-10));
  }
  CHECK_THAT(table.alpha_cumprod(999), WithinRel(table.alpha_cumprod(998) * 0.001, 1e-12));
  CHECK_THAT(table.at(499).alpha, WithinRel(0.7027400589411691, 1e-12));
  CHECK((nf::cosine{{.train_steps = 4000}}.steps() == 4000));
}

TEST_CASE("the zero-terminal-SNR table has the levels that diffusers computes") {
  const nf::zero_terminal_snr table{nf::linear{}};
  CHECK_THAT(table.at(899).alpha, WithinRel(0.010301962949077065, 1e-12));
  CHECK_THAT(table.at(499).alpha, WithinRel(0.27573311470897865, 1e-13));
  CHECK_THAT(table.at(99).sigma, WithinRel(0.3219032310700381, 1e-13));
  CHECK_THAT(table.at(0).alpha, WithinRel(nf::linear{}.at(0).alpha, 1e-15));
  CHECK_THAT((nf::zero_terminal_snr{nf::scaled_linear{}, 1.0 / 16777216}.at(999).rho()), WithinRel(4096.0, 1e-7));
}

TEST_CASE("in the last interval of a zero-terminal-SNR table alpha is linear") {
  for (const auto rule : {nf::between::log_sigma, nf::between::sigma, nf::between::log_alpha}) {
    const nf::zero_terminal_snr table{nf::linear{{.rule = rule}}};
    CHECK_THAT(table.at(998.25).alpha, WithinRel(0.75 * table.at(998).alpha, 1e-12));
    CHECK_THAT(table.time_of(table.at(998.25).lambda()), WithinAbs(998.25, 1e-9));
  }
}

TEST_CASE("the SNR shift has the levels that CogVideoX computes") {
  const nf::snr_shift table{nf::scaled_linear{}};
  CHECK_THAT(table.at(800).alpha, WithinRel(0.1122477897945137, 1e-13));
  CHECK_THAT(table.at(200).sigma, WithinRel(0.7035999715713052, 1e-13));
  const nf::zero_terminal_snr both{table};
  CHECK_THAT(both.at(799).alpha, WithinRel(0.0762959729571443, 1e-12));
  CHECK(both.at(999).alpha == 0);
}

TEST_CASE("the beta tables have their published ends") {
  CHECK(nf::betas::linear(1000).front() == 1e-4);
  CHECK(nf::betas::linear(1000).back() == 0.02);
  CHECK_THAT(nf::betas::scaled_linear(1000).back(), WithinRel(0.012, 1e-15));
  CHECK_THAT(nf::betas::sigmoid(1000, 0, 1).front(), WithinRel(1 / (1 + std::exp(6.0)), 1e-15));
  CHECK(nf::betas::cosine(1000).back() == 0.999);
  CHECK_THAT(nf::betas::cosine(1000).front(), WithinRel(4.1284e-05, 1e-4));
  for (const double b : nf::betas::exp(1000)) REQUIRE_THAT(b, WithinRel(1 - std::exp(-0.012), 1e-12));
  CHECK(nf::betas::linear(1) == std::vector<double>{1e-4});
  CHECK_THROWS_AS(nf::betas::linear(0), nf::error);
  CHECK_THROWS_AS(nf::betas::cosine(0), nf::error);
}

TEST_CASE("every beta table makes a valid schedule") {
  for (const auto& betas : {nf::betas::linear(1000), nf::betas::scaled_linear(1000), nf::betas::sigmoid(1000),
                            nf::betas::cosine(1000), nf::betas::laplace(1000), nf::betas::exp(1000)})
    CHECK_NOTHROW(nf::discrete_schedule{nf::alphas_cumprod(betas)});
}

TEST_CASE("rescaled betas end in beta 1 and keep the first") {
  const std::vector<double> betas = nf::betas::scaled_linear(1000);
  const std::vector<double> rescaled = nf::rescale_zero_terminal_snr(betas);
  CHECK(rescaled.back() == 1);
  CHECK_THAT(rescaled.front(), WithinRel(betas.front(), 1e-12));
  CHECK(nf::alphas_cumprod(rescaled).back() == 0);
  CHECK_THROWS_AS(nf::rescale_zero_terminal_snr({0.1}), nf::error);
}

TEST_CASE("copies of a table share it") {
  const nf::scaled_linear table{};
  const nf::discrete_schedule copy = table;
  CHECK(copy.alphas_cumprod().data() == table.alphas_cumprod().data());
}

TEST_CASE("a table of one level is a schedule") {
  const nf::discrete_schedule one{{0.5}};
  CHECK(one.t_min() == one.t_max());
  CHECK(one.at(0).alpha == std::sqrt(0.5));
  CHECK(one.time_of(3) == 0);
}

TEST_CASE("a table that does not fall inside (0, 1) is refused") {
  CHECK_THROWS_MATCHES(
      (nf::discrete_schedule{{0.5, 0.6}}), nf::error,
      Message("discrete: alphas_cumprod[1]: 0.600000; allowed: values that fall strictly inside (0, 1); "
              "the last may be 0"));
  CHECK_THROWS_AS((nf::discrete_schedule{std::vector<double>{}}), nf::error);
  CHECK_THROWS_AS((nf::discrete_schedule{{1.0, 0.5}}), nf::error);
  CHECK_THROWS_AS((nf::discrete_schedule{{0.5, 0.0, 0.0}}), nf::error);
  CHECK_THROWS_AS((nf::discrete_schedule{{0.5, std::numeric_limits<double>::quiet_NaN()}}), nf::error);
  CHECK_NOTHROW((nf::discrete_schedule{{0.5, 0.0}}));
}
