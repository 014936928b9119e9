// OpenMP's threads do the library's work: a loop over its tasks is all that parallel_algebra asks for.
//
// expect: OpenMP, [1-9][0-9]* threads: the bits of one thread
#include <cstddef>

#include <omp.h>

#include <noisefall/core/function_ref.hpp>

#include "support/one_thread.hpp"

namespace nf = noisefall;

namespace {

const auto openmp = [](std::size_t tasks, nf::function_ref<void(std::size_t)> task) {
#pragma omp parallel for schedule(dynamic)
  for (std::size_t i = 0; i < tasks; ++i) task(i);
};

}  // namespace

// There: sample(nf::parallel<float>(openmp), model, x, options), beside sample(model, x, options).
int main() { return examples::compare_with_one_thread("OpenMP", omp_get_max_threads(), openmp); }
