// The policies of a sampler, checked, and what its runs need.
#pragma once

#include <utility>

#include <noisefall/core/owner.hpp>
#include <noisefall/sampler/policies.hpp>
#include <noisefall/sampler/run_needs.hpp>

#ifndef NOISEFALL_COMPILED_KERNELS
#include <noisefall/sampler/look_ahead.hpp>
#endif

namespace noisefall {

// Nothing can change it, so that samplers and runs share it.
struct prepared_policies {
  shared<policies> parts;
  run_needs needs;
};

// Throws noisefall::error if a policy is out of range or if some leg has no finite plan.
#ifdef NOISEFALL_COMPILED_KERNELS  // it is in noisefall::kernels
prepared_policies prepare(any_solver solver, any_schedule schedule, trajectory path, any_guidance guidance,
                          any_parameterisation parameterisation, const threshold& map);
#else
[[gnu::cold]] inline prepared_policies prepare(any_solver solver, any_schedule schedule, trajectory path,
                                               any_guidance guidance, any_parameterisation parameterisation,
                                               const threshold& map) {
  const shared<policies> parts{new policies{std::move(solver), std::move(schedule), std::move(path),
                                            std::move(guidance), std::move(parameterisation), map}};
  return {parts, look_ahead{*parts}.needs()};
}
#endif

}  // namespace noisefall
