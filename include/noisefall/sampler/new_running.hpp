// Makes what a run holds, by the sort of its solver.
#pragma once

#include <utility>

#include <noisefall/core/owner.hpp>
#include <noisefall/random/philox_source.hpp>
#include <noisefall/sampler/options.hpp>
#include <noisefall/sampler/own_run.hpp>
#include <noisefall/sampler/planned_run.hpp>
#include <noisefall/sampler/running.hpp>
#include <noisefall/tensor/span_algebra.hpp>

namespace noisefall {

// The only place that makes the engine's code for an algebra and a source of noise.
template <Algebra A, class Z>
running<A, Z>* new_running(A algebra, shared<policies> chosen, const run_needs& needs, typename A::span x,
                           const run_settings& settings, Z noise) {
  if (chosen->has_own_steps())
    return new own_run<A, Z>{std::move(algebra), std::move(chosen), needs, x, settings, std::move(noise)};
  return new planned_run<A, Z>{std::move(algebra), std::move(chosen), needs, x, settings, std::move(noise)};
}

#ifdef NOISEFALL_COMPILED_KERNELS  // those for arrays in memory are in noisefall::kernels
extern template running<span_algebra<float>, philox>* new_running(span_algebra<float>, shared<policies>,
                                                                  const run_needs&, mutable_view<float>,
                                                                  const run_settings&, philox);
extern template running<span_algebra<double>, philox>* new_running(span_algebra<double>, shared<policies>,
                                                                   const run_needs&, mutable_view<double>,
                                                                   const run_settings&, philox);
#endif

}  // namespace noisefall
