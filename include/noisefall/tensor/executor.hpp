// The Executor concept: what parallel_algebra asks of the caller's threads; and the executor that has none.
#pragma once

#include <concepts>
#include <cstddef>

#include <noisefall/core/function_ref.hpp>

namespace noisefall {

// executor(tasks, task) calls task(0) .. task(tasks - 1), each once, in any order, on any threads, and returns when all
// are done; what the tasks wrote is then visible to the caller. Threads need not be of equal speed: tasks are many and
// short. The library's own tasks do not throw: what can be wrong is found before the work is split. So a loop of
// OpenMP will do:
//   const auto openmp = [](std::size_t tasks, function_ref<void(std::size_t)> task) {
//   #pragma omp parallel for
//     for (std::size_t i = 0; i < tasks; ++i) task(i);
//   };
template <class E>
concept Executor = requires(E& executor, std::size_t tasks, function_ref<void(std::size_t)> task) {
  { executor(tasks, task) } -> std::same_as<void>;
};

// One task after the other.
struct in_this_thread {
  void operator()(std::size_t tasks, function_ref<void(std::size_t)> task) const {
    for (std::size_t i = 0; i < tasks; ++i) task(i);
  }
};

static_assert(Executor<const in_this_thread>);

}  // namespace noisefall
