// What the README's blocks take as given: a network, its conditions, and arrays of the caller's.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <noisefall/adapters/eigen.hpp>
#include <noisefall/config/config.hpp>
#include <noisefall/config/diffusers.hpp>
#include <noisefall/noisefall.hpp>
#include <noisefall/sampler/deadline.hpp>
#include <noisefall/sampler/plan_table.hpp>

namespace nf = noisefall;

// hello.cpp's network: what would have been learnt from images of grey noise, with pixels `mean` +- 0.5.
struct grey_noise {
  using condition = double;

  void predict(nf::view<float> x, const nf::evaluation& at, double mean, nf::mutable_view<float> eps) {
    const auto [t, alpha, sigma] = at.level(0);
    for (std::size_t i = 0; i < x.size(); ++i)
      eps[i] = static_cast<float>(sigma * (x[i] - alpha * mean) / (0.25 * alpha * alpha + sigma * sigma));
  }
};

inline std::atomic<bool> stop_asked{false};
inline grey_noise model;
inline nf::tensor<float> images({4, 1, 8, 8});
inline nf::tensor<float> normal_samples(std::size_t n, std::uint64_t seed) {
  nf::tensor<float> x({n, 1, 8, 8});
  nf::normals({seed, 0, 0, 64}, 0, x.size(), x.data());
  return x;
}
inline const nf::tensor<float> reference = normal_samples(64, 1), drawn = normal_samples(48, 2);
inline const nf::sampler sample{nf::dpm_pp_2m{}, nf::linear{}, nf::karras{.steps = 5}, nf::guidance_scale(2)};
