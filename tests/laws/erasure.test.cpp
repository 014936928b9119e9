// L2: a choice at run time is the same policy, bit for bit.
#include <noisefall/guidance/any_guidance.hpp>
#include <noisefall/parameterisation/any_parameterisation.hpp>
#include <noisefall/schedule/any_schedule.hpp>
#include <noisefall/solver/built_in.hpp>
#include <noisefall/solver/erased.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace laws;

namespace {

template <class Sampler>
nf::tensor<float> sampled(const Sampler& sample) {
  network<> model;
  nf::tensor<float> x({2, 65});
  sample(model, x, guided);
  return x;
}

}  // namespace

TEST_CASE("L2: static, variant and erased solvers give the same bits") {
  for_each_static_solver([](const std::string& name, const auto& solver) {
    INFO(name);
    const auto expected = sampled(nf::sampler{solver, schedule, path(), doubled});
    const nf::erased_solver erased{solver};
    CHECK(nf::name_of(erased) == nf::name_of(solver));
    CHECK(same_bits(expected, sampled(nf::sampler{erased, schedule, path(), doubled})));
    const nf::any_built_in_solver variant{solver};
    CHECK(same_bits(expected, sampled(nf::sampler{variant, schedule, path(), doubled})));
  });
}

namespace {

template <class Guidance>
void check_erased(const Guidance& guidance) {
  INFO(Guidance::name);
  const auto expected = sampled(nf::sampler{nf::dpm_pp_2m{}, schedule, path(), guidance});
  const nf::sampler erased{nf::erased_solver{nf::dpm_pp_2m{}}, nf::any_schedule{schedule}, path(),
                           nf::any_guidance{guidance}, nf::any_parameterisation{nf::predicts_eps{}}};
  CHECK(same_bits(expected, sampled(erased)));
}

}  // namespace

TEST_CASE("L2: erased guidance, schedule and parameterisation give the same bits") {
  check_erased(nf::unguided{});
  check_erased(nf::classifier_free{.weight = nf::weight_schedule::window(2, 0.5, 1.1)});
  check_erased(nf::rescale{.weight = 1.5});
  check_erased(nf::apg{.weight = 1.5, .eta = 0.2, .norm_cap = 2, .momentum = -0.5});
  check_erased(nf::cfg_pp{});
  check_erased(nf::adaptive_guidance{.weight = 1.5, .threshold = 0.9});
  check_erased(nf::cfg_zero{.weight = 1.5});
  check_erased(nf::composition{.weight = 1.5,
                               .further = {nf::weight_schedule::ramp(0, 0.2, 1, 0.6, nf::weight_unit::fraction)}});
  check_erased(nf::particle_guidance{.weight = 1.5, .strength = 0.3});
}
