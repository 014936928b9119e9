// Strong convergence: on one Brownian path, stochastic solvers end where a fine run ends, the closer the finer they are.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include <noisefall/random/brownian.hpp>
#include <noisefall/random/philox_source.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace laws;

namespace {

template <class Noise>
nf::tensor<double> end_of(const nf::erased_solver& solver, std::size_t steps, Noise noise, nf::tensor<double> x,
                          std::uint64_t first_sample = 0) {
  network<> model;
  const nf::uniform_lambda path{.steps = steps, .sigma_min = 0.05, .sigma_max = 20};
  nf::sampler{solver, schedule, path}(model, x, {.seed = 5, .first_sample = first_sample, .conditional = 0.6}, noise);
  return x;
}
nf::tensor<double> end_of(const nf::erased_solver& solver, std::size_t steps) {
  return end_of(solver, steps, nf::brownian_path{5}, nf::tensor<double>{{8, 16}});
}

double distance(const nf::tensor<double>& a, const nf::tensor<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.elements().size(); ++i) sum += std::pow(a.elements()[i] - b.elements()[i], 2);
  return std::sqrt(sum / static_cast<double>(a.elements().size()));
}

nf::tensor<double> fine(double tau_squared) { return end_of(nf::dpm_multistep{.tau_squared = tau_squared}, 2048); }

// From 32 to 256 steps the root mean square distance along the path falls with slope 1: the noise is additive, and
// steps of an increment each cannot do better.
void converges(const std::string& name, const nf::erased_solver& solver, const nf::tensor<double>& reference) {
  CAPTURE(name);
  const double coarse = distance(end_of(solver, 32), reference), refined = distance(end_of(solver, 256), reference);
  CAPTURE(coarse, refined);
  const double slope = std::log2(coarse / refined) / 3;
  CHECK(slope > 0.85);
  CHECK(slope < 1.3);
}

}  // namespace

TEST_CASE("on a Brownian path, every stochastic solver converges to the path's own sample, with strong order 1") {
  const nf::tensor<double> reference = fine(1);
  using nf::dpm_multistep;
  converges("ddim, eta 1", nf::ddim{.eta = 1}, reference);
  converges("ddpm", nf::ddpm{.at_end = nf::ddpm::last_noise::unless_label_zero}, reference);
  for (int order = 1; order <= 3; ++order) {
    converges("dpm_multistep", dpm_multistep{.order = order, .tau_squared = 1}, reference);
    converges("seeds", nf::seeds{.order = order}, reference);
    converges("er_sde", nf::er_sde{.order = order, .scale = nf::er_sde::noise_scale::sde}, reference);
  }
  converges("dpm_multistep of eps", dpm_multistep{.of = nf::quantity::eps, .tau_squared = 1}, reference);
  converges("dpm_pp_sde", nf::dpm_pp_sde{}, reference);
  converges("dpm_pp_sde, r 0.3", nf::dpm_pp_sde{.r = 0.3}, reference);
  for (const auto mode : {nf::sa_solver::mode::pec, nf::sa_solver::mode::pece})
    converges("sa_solver", nf::sa_solver{.evaluate = mode}, reference);
  converges("dpm_ancestral 1", nf::dpm_ancestral{.order = 1}, reference);
  converges("dpm_ancestral 2", nf::dpm_ancestral{.order = 2}, reference);
  converges("dpm_singlestep_grid", nf::dpm_singlestep_grid{.tau_squared = 1}, reference);
  converges("flow_ancestral", nf::flow_ancestral{}, reference);
}

TEST_CASE("on a Brownian path, solvers of half the noise converge to a sample of their own") {
  const nf::tensor<double> reference = fine(0.25);
  for (int order = 1; order <= 3; ++order)
    converges("dpm_multistep", nf::dpm_multistep{.order = order, .tau_squared = 0.25}, reference);
  converges("seeds", nf::seeds{.order = 2, .tau_squared = 0.25}, reference);
  converges("sa_solver", nf::sa_solver{.tau = 0.5}, reference);
  CHECK(distance(reference, fine(1)) > 0.1);
}

TEST_CASE("noise that is drawn per step gives another sample for every number of steps") {
  const nf::dpm_multistep solver{.tau_squared = 1};
  const auto drawn = [&](std::size_t steps) {
    return end_of(solver, steps, nf::philox{5}, nf::tensor<double>{{8, 16}});
  };
  CHECK(distance(drawn(256), drawn(2048)) > 0.1);
}

TEST_CASE("a sample's Brownian path is its own in any batch, for every number of steps") {
  const nf::seeds solver{.order = 3};
  for (const std::size_t steps : {std::size_t{7}, std::size_t{20}}) {
    const nf::tensor<double> all = end_of(solver, steps);
    for (std::size_t i = 0; i < 8; ++i) {
      const nf::tensor<double> one = end_of(solver, steps, nf::brownian_path{5}, nf::tensor<double>{{1, 16}}, i);
      CHECK(same_bits(one.elements(), all.elements().subspan(i * 16, 16)));
    }
  }
}
