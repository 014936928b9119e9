// The state that a pipeline of diffusers starts from.
#pragma once

#include <concepts>

#include <noisefall/config/diffusers/setup.hpp>
#include <noisefall/random/noise_source.hpp>
#include <noisefall/tensor/tensor.hpp>
#include <noisefall/tensor/view.hpp>

namespace noisefall {

// x = init_noise_sigma * z, z the initial noise of the source. With torch_cpu and floats these are the latents that
// torch.manual_seed(seed), on the CPU, gives a pipeline for a state of this shape; the run then starts from what is
// given, and draws the noise of its steps from the same source:
//   const nf::torch_cpu noise{.seed = 42};
//   nf::diffusers_latents(s, latents, noise);
//   sample(model, latents, {.start = nf::start_from::given}, noise);
// (start_from::noise would take the first level's sigma, which is not quite the same.) `x` is contiguous.
template <std::floating_point T, NoiseSource<T> Z>
void diffusers_latents(const diffusers_setup& setup, mutable_view<T> x, const Z& noise) {
  require(x.contiguous(), "diffusers_latents", "samples with gaps between them", "contiguous samples");
  noise.fill(x.elements(), x.sample_size(), increment{});
  for (T& element : x.elements()) element *= static_cast<T>(setup.init_noise_sigma);
}
template <std::floating_point T, NoiseSource<T> Z>
void diffusers_latents(const diffusers_setup& setup, tensor<T>& x, const Z& noise) {
  diffusers_latents(setup, mutable_view<T>{x}, noise);
}

}  // namespace noisefall
