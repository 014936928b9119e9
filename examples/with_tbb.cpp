// oneTBB runs the library's tasks, beside those of the program that it serves already.
//
// expect: oneTBB, [1-9][0-9]* threads: the bits of one thread
#include <cstddef>

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <noisefall/core/function_ref.hpp>

#include "support/one_thread.hpp"

namespace nf = noisefall;

namespace {

const auto on_tbb = [](std::size_t tasks, nf::function_ref<void(std::size_t)> task) {
  oneapi::tbb::parallel_for(std::size_t{0}, tasks, [&](std::size_t i) { task(i); });
};

}  // namespace

// There: sample(nf::parallel<float>(on_tbb), model, x, options), beside sample(model, x, options).
int main() {
  return examples::compare_with_one_thread("oneTBB", oneapi::tbb::this_task_arena::max_concurrency(), on_tbb);
}
