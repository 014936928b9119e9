// What noisefall::kernels compiles once, for files that are compiled with NOISEFALL_COMPILED_KERNELS: the kernels, and
// the engine over arrays in memory.
#include <cstddef>

#include <noisefall/random/normals.hpp>
#include <noisefall/sampler/new_running.hpp>
#include <noisefall/sampler/prepared_policies.hpp>
#include <noisefall/tensor/gram_kernels.hpp>
#include <noisefall/tensor/pass_kernels.hpp>
#include <noisefall/tensor/quantile.hpp>
#include <noisefall/tensor/span_algebra.hpp>

namespace noisefall {

// To be taken the address of is what makes an inline function exist.
extern decltype(&prepare) const made_of_policies;
decltype(&prepare) const made_of_policies = &prepare;

template running<span_algebra<float>, philox>* new_running(span_algebra<float>, shared<policies>, const run_needs&,
                                                           mutable_view<float>, const run_settings&, philox);
template running<span_algebra<double>, philox>* new_running(span_algebra<double>, shared<policies>, const run_needs&,
                                                            mutable_view<double>, const run_settings&, philox);

}  // namespace noisefall

namespace noisefall::kernels {

extern decltype(&normals_of_groups) const made_of_groups;
decltype(&normals_of_groups) const made_of_groups = &normals_of_groups;

template void run_program(instruction_set, const pass_program<float>&);
template void run_program(instruction_set, const pass_program<double>&);
template void widen(instruction_set, const half*, std::size_t, float*);
template void widen(instruction_set, const half*, std::size_t, double*);
template void widen(instruction_set, const bfloat16*, std::size_t, float*);
template void widen(instruction_set, const bfloat16*, std::size_t, double*);
template void lanes_of_products(instruction_set, const float*, const float*, std::size_t, float (*)[gram_lanes]);
template void lanes_of_products(instruction_set, const double*, const double*, std::size_t, double (*)[gram_lanes]);
template neighbours<float> select(instruction_set, const float*, std::size_t, std::size_t);
template neighbours<double> select(instruction_set, const double*, std::size_t, std::size_t);

}  // namespace noisefall::kernels
