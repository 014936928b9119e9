// The samplers that benchmarks run.
#pragma once

#include <cstddef>
#include <utility>

#include <noisefall/guidance/apg.hpp>
#include <noisefall/guidance/cfg_zero.hpp>
#include <noisefall/guidance/classifier_free.hpp>
#include <noisefall/guidance/rescale.hpp>
#include <noisefall/guidance/tcfg.hpp>
#include <noisefall/schedule/vp.hpp>
#include <noisefall/solver/dpm_multistep.hpp>
#include <noisefall/solver/dpm_pp_2m.hpp>
#include <noisefall/solver/unipc.hpp>
#include <noisefall/trajectory/uniform_lambda.hpp>

#include "support/endless_run.hpp"

namespace bench {

// So many steps that a restart in between does not show, and as few as people take at most: longer runs plan the legs
// beyond the first 256 as they come to them (leg_plans).
inline constexpr std::size_t many_steps = 250;

template <class Solver, class Guidance>
nf::sampler sampler_of(Solver solver, Guidance guidance, const nf::threshold& map, std::size_t steps = many_steps) {
  return {std::move(solver),   nf::vp_linear{},    nf::uniform_lambda{.steps = steps},
          std::move(guidance), nf::predicts_eps{}, map};
}

template <class Guidance>
nf::sampler two_m_sampler(Guidance guidance, const nf::threshold& map) {
  return sampler_of(nf::dpm_pp_2m{}, std::move(guidance), map);
}

}  // namespace bench
