// L7 and L16: where guidance is linear the space does not matter, and where it is off nothing is evaluated.
#include <algorithm>

#include "catch.hpp"
#include "support.hpp"

using namespace laws;

namespace {

template <output Gives, class Parameterisation, class Guidance>
nf::tensor<double> sampled(const Guidance& guidance) {
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, path(), guidance, Parameterisation{}};
  network<Gives> model;
  nf::tensor<double> x({2, 65});
  sample(model, x, guided);
  return x;
}

double distance(const nf::tensor<double>& a, const nf::tensor<double>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

}  // namespace

TEST_CASE("L7: linear guidance commutes with the parameterisation") {
  const nf::classifier_free linear{.weight = 2.5};
  const auto by_eps = sampled<output::eps, nf::predicts_eps>(linear);
  CHECK(distance(by_eps, sampled<output::x0, nf::predicts_x0>(linear)) < 1e-12);
  CHECK(distance(by_eps, sampled<output::v, nf::predicts_v>(linear)) < 1e-12);
}

TEST_CASE("A nonlinear rule that names its space does not depend on the parameterisation either") {
  const nf::apg rule{.weight = 2.5, .eta = 0.2, .norm_cap = 2, .momentum = -0.5};
  const auto by_eps = sampled<output::eps, nf::predicts_eps>(rule);
  CHECK(distance(by_eps, sampled<output::x0, nf::predicts_x0>(rule)) < 1e-9);
  CHECK(distance(by_eps, sampled<output::v, nf::predicts_v>(rule)) < 1e-9);
  const nf::rescale scaled{.weight = 2.5, .space = nf::guidance_space::x0};
  // Seen from eps, the spread of x0 at sigma / alpha = 150 is a difference of large numbers.
  CHECK(distance(sampled<output::eps, nf::predicts_eps>(scaled), sampled<output::x0, nf::predicts_x0>(scaled)) < 1e-8);
}

TEST_CASE("L16: outside its window a guidance causes no evaluation") {
  const auto evaluations = [](const nf::weight_schedule& weight) {
    const nf::sampler sample{nf::ddim{}, schedule, path(10), nf::classifier_free{.weight = weight}};
    network<> model;
    nf::tensor<double> x({1, 4});
    const auto result = sample(model, x, guided);
    CHECK(result.evaluations == model.calls);
    return result.evaluations;
  };
  CHECK(evaluations(2) == 20);
  CHECK(evaluations(0) == 10);
  CHECK(evaluations(-1) == 10);
  const nf::trajectory levels = path(10);
  const double low = levels[7].from.rho(), high = levels[3].from.rho();
  CHECK(evaluations(nf::weight_schedule::interval(2, low, high)) == 14);
  CHECK(evaluations(nf::weight_schedule::window(2, 1, low)) == 17);
}

TEST_CASE("No guidance and a weight of 0 give the same bits, a weight of -1 those of the unconditional network") {
  const auto none = sampled<output::eps, nf::predicts_eps>(nf::unguided{});
  CHECK(same_bits(none, sampled<output::eps, nf::predicts_eps>(nf::classifier_free{.weight = 0})));
  const auto off = sampled<output::eps, nf::predicts_eps>(nf::classifier_free{.weight = -1});
  const nf::sampler plain{nf::dpm_pp_2m{}, schedule, path()};
  network<> model;
  nf::tensor<double> x({2, 65});
  auto options = guided;
  options.conditional = guided.unconditional;
  plain(model, x, options);
  CHECK(same_bits(off, x));
}

TEST_CASE("The trajectory is snapped to a jump of the weight by moving its nearest interior level") {
  const nf::trajectory levels = path(10);
  const double jump = 0.7 * levels[6].from.rho() + 0.3 * levels[5].from.rho();
  const nf::classifier_free windowed{.weight = nf::weight_schedule::window(2, 1, jump)};
  const nf::sampler sample{nf::dpm_pp_2m{}, schedule, levels, windowed};
  REQUIRE(sample.steps() == levels.steps());
  CHECK(sample.path()[6].from.rho() == Approx(jump).epsilon(1e-12));
  CHECK(sample.path()[5].to == sample.path()[6].from);
  CHECK(sample.path()[4].to == levels[4].to);
  CHECK(sample.path()[7].from == levels[7].from);
  const nf::trajectory as_given{{levels.legs().begin(), levels.legs().end()}, nf::trajectory_kind::compat};
  CHECK(nf::sampler{nf::dpm_pp_2m{}, schedule, as_given, windowed}.path()[6].from == levels[6].from);
}
