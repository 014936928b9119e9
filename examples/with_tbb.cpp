// oneTBB runs the library's tasks, beside those of the program that it serves already.
//
// expect: oneTBB, [1-9][0-9]* threads: the bits of one thread
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <noisefall/noisefall.hpp>
#include <noisefall/tensor/parallel_algebra.hpp>

namespace nf = noisefall;

namespace {

const auto on_tbb = [](std::size_t tasks, nf::function_ref<void(std::size_t)> task) {
  oneapi::tbb::parallel_for(std::size_t{0}, tasks, [&](std::size_t i) { task(i); });
};

// The eps of data of variance 1/4: so cheap that the library's part is what takes time here.
struct narrow_data {
  using condition = nf::no_condition;

  void predict(nf::view<float> x, const nf::evaluation& at, nf::no_condition, nf::mutable_view<float> out) const {
    const nf::noise_level& level = at.level(0);
    const auto factor = static_cast<float>(level.sigma / (level.alpha * level.alpha / 4 + level.sigma * level.sigma));
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = factor * x[i];
  }
};

template <class... Algebra>
nf::tensor<float> draw(const char* how, const Algebra&... over) {
  const nf::sampler sample{nf::ddim{.eta = 1}, nf::linear{}, nf::trailing{.steps = 10}};
  nf::tensor<float> x({32, 3, 128, 128});
  narrow_data model;
  const auto begin = std::chrono::steady_clock::now();
  sample(over..., model, x, {.seed = 42});
  std::printf("%s: %.3f s\n", how, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return x;
}

}  // namespace

int main() {
  const auto alone = draw("one thread"), together = draw("oneTBB", nf::parallel<float>(on_tbb));
  const bool same = std::memcmp(alone.data(), together.data(), alone.size() * sizeof(float)) == 0;
  std::printf("oneTBB, %d threads: %s\n", oneapi::tbb::this_task_arena::max_concurrency(),
              same ? "the bits of one thread" : "OTHER bits");
  return same ? 0 : 1;
}
