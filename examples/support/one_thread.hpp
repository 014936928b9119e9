// A run on many threads, held against the same run on one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include <noisefall/noisefall.hpp>
#include <noisefall/tensor/parallel_algebra.hpp>

namespace examples {

namespace nf = noisefall;

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
nf::tensor<float> draw_timed(const char* how, const Algebra&... over) {
  const nf::sampler sample{nf::ddim{.eta = 1}, nf::linear{}, nf::trailing{.steps = 10}};
  nf::tensor<float> x({32, 3, 128, 128});
  narrow_data model;
  const auto begin = std::chrono::steady_clock::now();
  sample(over..., model, x, {.seed = 42});
  std::printf("%s: %.3f s\n", how, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return x;
}

/// The exit status: 0 where the executor's threads give the bits of one. Prints both times.
template <class Executor>
int compare_with_one_thread(const char* name, int threads, const Executor& executor) {
  const auto alone = draw_timed("one thread"), together = draw_timed(name, nf::parallel<float>(executor));
  const bool same = std::memcmp(alone.data(), together.data(), alone.size() * sizeof(float)) == 0;
  std::printf("%s, %d threads: %s\n", name, threads, same ? "the bits of one thread" : "OTHER bits");
  return same ? 0 : 1;
}

}  // namespace examples
